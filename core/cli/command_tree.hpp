// The command line's words as plain data, for what is made of them besides the parser: the manual page and
// the completions of shells.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace coldload {

struct OptionWords {
  std::vector<std::string> names;    // "-o", "--out"
  std::string value;                 // "DIR", "GLOB GLOB"; "": it is a flag
  std::vector<std::string> choices;  // the values it takes, if there are only those
  std::string range;                 // "1 to 256", or ""
  std::string description;
  bool required = false;
};

struct ArgumentWords {
  std::string name;  // "FILE"
  std::vector<std::string> choices;
  std::string description;
  bool required = false;
  bool repeated = false;
};

struct CommandWords {
  std::string path;  // "list runs"; of the program itself ""
  std::string name;  // "runs"
  std::string description;
  std::vector<OptionWords> options;  // --help is one; --help-all is the program's own alone
  std::vector<ArgumentWords> arguments;
  std::vector<CommandWords> commands;
};

[[nodiscard]] CommandWords words_of(const CLI::App& app);

}  // namespace coldload
