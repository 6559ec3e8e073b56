// A program ready to be started: found, and with everything that execve(2) wants in place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "settings.hpp"

namespace coldload::command {

// The file that a shell would run for `name`, by the directories of `path` where the name has no '/'.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name, const std::string& path);

class Program {
 public:
  // Our environment with `env` over it. Throws COLDLOAD_NOT_FOUND where argv[0] is no program that can be
  // run.
  Program(std::vector<std::string> argv, const std::vector<Variable>& env);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] const std::string& name() const { return argv_.front(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  // NULL-terminated, valid as long as this is.
  [[nodiscard]] char* const* argv() const { return argv_table_.data(); }
  [[nodiscard]] char* const* envp() const { return env_table_.data(); }

 private:
  std::vector<std::string> argv_;
  std::vector<std::string> env_;
  std::string path_;
  std::vector<char*> argv_table_;
  std::vector<char*> env_table_;
};

}  // namespace coldload::command
