// `coldload plugin new`: a directory with a plugin that builds, conforms and can be run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace coldload {

enum class PluginKind { backend, strategy };
enum class PluginLanguage { c, cpp };

struct NewPlugin {
  std::string name;  // snake_case: the component's id, and the directory's name
  PluginKind kind = PluginKind::backend;
  PluginLanguage language = PluginLanguage::cpp;
  std::filesystem::path parent;  // the directory is made below it
  std::filesystem::path prefix;  // where this coldload is installed: what the plugin's build looks for
};

// Writes the directory and returns what it wrote, relative to it. Errors: invalid_option (the name), io_error
// (it is there already; a file could not be written: what was written before stays).
[[nodiscard]] Result<std::vector<std::string>> write_new_plugin(const NewPlugin& plugin);

}  // namespace coldload
