// Where in an input something was written, and what was wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coldload {

// A line of 0 means the whole input: a command-line option, a program's own default.
struct Location {
  std::string file;  // path as given, "<stdin>", or "--option"
  uint32_t line = 0;
  uint32_t column = 0;
};

// "scenarios/x.toml:14:1", or only the file without a line.
[[nodiscard]] std::string to_string(const Location& where);

struct Diagnostic {
  Location where;
  std::string message;  // what was found, what was expected, the nearest name
};

// "scenarios/x.toml:14:1: no option …"
[[nodiscard]] std::string to_string(const Diagnostic& diagnostic);

using Diagnostics = std::vector<Diagnostic>;

}  // namespace coldload
