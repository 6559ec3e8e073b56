#include "program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "coldload/cpp/failure.hpp"

namespace coldload::command {
namespace {

// Where the C library looks when there is no PATH.
constexpr const char* kDefaultPath = "/bin:/usr/bin";

bool is_program(const std::string& file) {
  struct stat about{};
  return ::stat(file.c_str(), &about) == 0 && S_ISREG(about.st_mode) && ::access(file.c_str(), X_OK) == 0;
}

std::vector<std::string> environment_with(const std::vector<Variable>& changes) {
  std::vector<std::string> out;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view inherited = *entry;
    const bool changed = std::any_of(changes.begin(), changes.end(), [&](const Variable& variable) {
      return inherited.substr(0, inherited.find('=')) == variable.name;
    });
    if (!changed) out.emplace_back(inherited);
  }
  for (const Variable& variable : changes) out.push_back(variable.name + "=" + variable.value);
  return out;
}

std::string value_of(const std::vector<std::string>& environment, const std::string& name,
                     const std::string& otherwise) {
  const std::string start = name + "=";
  for (const std::string& entry : environment) {
    if (entry.compare(0, start.size(), start) == 0) return entry.substr(start.size());
  }
  return otherwise;
}

std::vector<char*> table_of(const std::vector<std::string>& texts) {
  std::vector<char*> table;
  table.reserve(texts.size() + 1);
  for (const std::string& text : texts) table.push_back(const_cast<char*>(text.c_str()));
  table.push_back(nullptr);
  return table;
}

}  // namespace

std::optional<std::string> find_program(const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) return is_program(name) ? std::optional(name) : std::nullopt;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find(':', at), path.size());
    std::string file = end == at ? "." : path.substr(at, end - at);
    file += "/";
    file += name;
    if (is_program(file)) return file;
    at = end + 1;
  }
  return std::nullopt;
}

Program::Program(std::vector<std::string> argv, const std::vector<Variable>& env)
    : argv_(std::move(argv)), env_(environment_with(env)) {
  const auto found = find_program(argv_.front(), value_of(env_, "PATH", kDefaultPath));
  if (!found) {
    const bool is_path = argv_.front().find('/') != std::string::npos;
    throw sdk::Failure(COLDLOAD_NOT_FOUND, "argv: no program \"" + argv_.front() + "\"" +
                                               (is_path ? " that can be run: is it there, is it executable?"
                                                        : " in any directory of PATH: give its path"));
  }
  path_ = *found;
  argv_table_ = table_of(argv_);
  env_table_ = table_of(env_);
}

}  // namespace coldload::command
