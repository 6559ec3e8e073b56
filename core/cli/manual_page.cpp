#include "core/cli/manual_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string_view>

namespace coldload {
namespace {

// Text as roff takes it: no character of it is an escape, a request or a hyphen that may break.
std::string roff(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (character == '\\') {
      out += "\\e";
    } else if (character == '-') {
      out += "\\-";
    } else if (character == '\n') {
      out += ' ';
    } else {
      out += character;
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

std::string sentence(std::string_view text) {
  return fmt::format("{}{}\n", roff(text), text.ends_with('.') ? "" : ".");
}

std::string bold(std::string_view text) {
  return fmt::format("\\fB{}\\fR", roff(text));
}

std::string italic(std::string_view text) {
  return fmt::format("\\fI{}\\fR", roff(text));
}

std::string option_text(const OptionWords& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) names.push_back(bold(name));
  std::string head = fmt::format("{}", fmt::join(names, ", "));
  if (!option.choices.empty()) {
    head += fmt::format(" {}", bold(fmt::format("{}", fmt::join(option.choices, "|"))));
  } else if (!option.value.empty()) {
    head += " " + italic(option.value);
  }
  const std::string range = option.range.empty() ? "" : fmt::format(" ({})", option.range);
  return fmt::format(
      ".TP\n{}\n{}", head,
      sentence(fmt::format("{}{}{}", option.description, range, option.required ? "; required" : "")));
}

std::string argument_text(const ArgumentWords& argument) {
  const std::string choices =
      argument.choices.empty() ? "" : fmt::format(" ({})", fmt::join(argument.choices, ", "));
  return fmt::format(".TP\n{}\n{}", italic(argument.name), sentence(argument.description + choices));
}

std::string usage(const CommandWords& command) {
  std::string text = bold(fmt::format("coldload {}", command.path)) + " [\\fIoptions\\fR]";
  for (const ArgumentWords& argument : command.arguments) {
    const std::string name = italic(argument.name) + (argument.repeated ? "..." : "");
    text += argument.required ? " " + name : fmt::format(" [{}]", name);
  }
  return text + "\n";
}

// A command, then those below it: "list", "list runs".
std::string command_text(const CommandWords& command) {
  std::string text = fmt::format(".SS {}{}", usage(command), sentence(command.description));
  for (const ArgumentWords& argument : command.arguments) text += argument_text(argument);
  for (const OptionWords& option : command.options) {
    // Every command has it: said once, of the program.
    if (option.names.back() != "--help") text += option_text(option);
  }
  for (const CommandWords& below : command.commands) text += command_text(below);
  return text;
}

struct Entry {
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array kExitStatus = {
    Entry{"0", "done; skipped, unprovable and disturbed runs are counted in the last lines"},
    Entry{"1", "internal error"},
    Entry{"2", "usage, or a scenario with mistakes, or a directory that is not there"},
    Entry{"3",
          "the environment is unfit, no case could run or be compared, or a document's version is not known"},
    Entry{"4", "a case failed, or a plugin breaks a contract"},
    Entry{"5", "integrity: bytes differ between cases, a model is inconsistent, a run's folder is damaged"},
    Entry{"99", "an [[expect]] of the scenario, or a --fail-if of compare, is broken"},
    Entry{"130", "interrupted; what had finished is kept"},
};

constexpr std::array kEnvironment = {
    Entry{"COLDLOAD_PLUGIN_PATH", "plugin files and directories, absolute, separated by ':'"},
    Entry{"XDG_DATA_HOME", "plugins of the user are in coldload/plugins below it, else below ~/.local/share"},
    Entry{"NO_COLOR", "set to anything: no colours on a terminal"},
};

constexpr std::array kFiles = {
    Entry{"<prefix>/lib/coldload/plugins",
          "the plugins that come with coldload; <prefix>/bin is the program's folder"},
    Entry{"<prefix>/share/coldload/scenarios", "scenarios to start from"},
    Entry{"<prefix>/share/coldload/schema", "the JSON Schema of the result document"},
    Entry{"results/<UTC>-<name>", "what a run leaves, unless --out says where"},
};

template <size_t count>
std::string section(std::string_view title, const std::array<Entry, count>& entries) {
  std::string text = fmt::format(".SH {}\n", title);
  for (const Entry& entry : entries)
    text += fmt::format(".TP\n{}\n{}", bold(entry.name), sentence(entry.meaning));
  return text;
}

}  // namespace

std::string manual_page(const CommandWords& program, const std::string& version) {
  std::string text = fmt::format(".TH COLDLOAD 1 \"\" \"coldload {}\" \"User Commands\"\n", roff(version));
  text += ".SH NAME\ncoldload \\- measures how long LLM weights take to load, cold and proved cold\n";
  text +=
      ".SH SYNOPSIS\n\\fBcoldload\\fR [\\fIoptions\\fR] \\fIcommand\\fR [\\fIoptions\\fR] "
      "[\\fIarguments\\fR]\n";
  text += ".SH DESCRIPTION\n" + sentence(program.description);
  text += ".SH OPTIONS\n";
  for (const OptionWords& option : program.options) text += option_text(option);
  text += ".SH COMMANDS\n";
  for (const CommandWords& command : program.commands) text += command_text(command);
  text += section("EXIT STATUS", kExitStatus);
  text += section("ENVIRONMENT", kEnvironment);
  text += section("FILES", kFiles);
  return text;
}

}  // namespace coldload
