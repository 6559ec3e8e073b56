// Where the keys come from: the environment, AWS's shared files, or the program that a profile names.
#pragma once

#include <ctime>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "environment.hpp"
#include "sigv4.hpp"

namespace coldload::s3 {

struct Issued {
  Keys keys;
  std::time_t expires = 0;  // 0: never.
};

// Runs a program and returns what it printed; throws what went wrong, without its output.
using RunProgram = std::function<std::string(const std::vector<std::string>& argv)>;

// Splits as a shell would with quotes and backslashes, and nothing else of a shell. Throws INVALID_OPTION
// where a quote is not closed.
[[nodiscard]] std::vector<std::string> split_command(const std::string& command);
// The JSON of a credential_process, version 1. Throws INVALID_OPTION without repeating any of it.
[[nodiscard]] Issued parse_process_output(const std::string& profile, const std::string& json);
// "2026-01-31T10:00:00Z", fractions and offsets of hours and minutes too; 0 where it is none of these.
[[nodiscard]] std::time_t parse_time(const std::string& text);

// [any-thread]
class Credentials {
 public:
  // `explicit_profile`: the scenario named it, so variables of the environment have no say. Throws where
  // there is nothing usable, telling how to get it.
  Credentials(const Profile& profile, bool explicit_profile, const Variables& variables, RunProgram run);
  // Requests go unsigned.
  Credentials() = default;

  // "environment", "profile", "credential_process", "none": never a value.
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] bool anonymous() const { return source_ == "none"; }
  // Asks the program again where what it issued is about to expire.
  [[nodiscard]] Keys keys(std::time_t now);

 private:
  std::string source_ = "none";
  std::string profile_;
  std::vector<std::string> command_;
  RunProgram run_;
  std::mutex mutex_;
  Issued issued_;
};

}  // namespace coldload::s3
