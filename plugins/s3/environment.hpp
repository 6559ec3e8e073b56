// What the documented chain finds outside the scenario: variables of the environment and AWS's shared files.
#pragma once

#include <functional>
#include <string>

#include "ini.hpp"

namespace coldload::s3 {

// A variable's value, "" if it is not set; a test brings its own.
using Variables = std::function<std::string(const char* name)>;
[[nodiscard]] Variables process_variables();

// One profile as both files tell it.
struct Profile {
  std::string name;
  IniSection config;       // [profile NAME] of the config file, or [default].
  IniSection credentials;  // [NAME] of the credentials file.
  IniSection services;     // [services X] of the config file, where the profile names X.

  // "" if neither tells it.
  [[nodiscard]] std::string get(const std::string& key) const;
};

// The profile `asked` for, else AWS_PROFILE, else "default". A profile that was named and is in neither file
// is INVALID_OPTION, with the files named; without the files, "default" is empty.
[[nodiscard]] Profile read_profile(const std::string& asked, const Variables& variables);

}  // namespace coldload::s3
