#include "core/cli/completion_scripts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace coldload {
namespace {

// Whether a value of this name is a file or directory.
bool is_path(std::string_view value) {
  return value == "PATH" || value == "DIR" || value == "FILE";
}

// This command and all below it.
std::vector<const CommandWords*> all_commands(const CommandWords& command) {
  std::vector<const CommandWords*> all{&command};
  for (const CommandWords& below : command.commands) {
    for (const CommandWords* each : all_commands(below)) all.push_back(each);
  }
  return all;
}

std::vector<std::string> option_names(const CommandWords& command) {
  std::vector<std::string> names;
  for (const OptionWords& option : command.options)
    names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

std::vector<std::string> command_names(const CommandWords& command) {
  std::vector<std::string> names;
  for (const CommandWords& below : command.commands) names.push_back(below.name);
  return names;
}

// bash: the words to choose from are few and fixed, so that each place is one line of a case.

std::string bash_values(const CommandWords& command) {
  std::string lines;
  for (const OptionWords& option : command.options) {
    if (option.value.empty()) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names)
      patterns.push_back(fmt::format("'{}:{}'", command.path, name));
    const std::string what = !option.choices.empty()
                                 ? fmt::format("words='{}'", fmt::join(option.choices, " "))
                             : is_path(option.value) ? "files=yes"
                                                     : ":";
    lines += fmt::format("      {}) {} ;;\n", fmt::join(patterns, " | "), what);
  }
  return lines;
}

std::string bash_places(const CommandWords& command) {
  std::vector<std::string> words = command_names(command);
  bool files = false;
  for (const ArgumentWords& argument : command.arguments) {
    words.insert(words.end(), argument.choices.begin(), argument.choices.end());
    files = files || argument.choices.empty();
  }
  return fmt::format("      '{}:option') words='{}' ;;\n      '{}:') words='{}'{} ;;\n", command.path,
                     fmt::join(option_names(command), " "), command.path, fmt::join(words, " "),
                     files ? " files=yes" : "");
}

constexpr std::string_view kBash =
    R"(# Completion of coldload for bash, as `coldload completion bash` prints it.
_coldload() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  local command='' words='' files='' index
  for ((index = 1; index < COMP_CWORD; ++index)); do
    case "$command ${{COMP_WORDS[index]}}" in
{commands}    esac
  done
  local place="$command:"
  case "$command:$before" in
{with_value})
      place="$command:$before" ;;
    *) [[ $word != -* ]] || place="$command:option" ;;
  esac
  case "$place" in
{values}{places}  esac
  COMPREPLY=()
  [[ -z $words ]] || mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  if [[ -n $files ]]; then
    local found
    mapfile -t found < <(compgen -f -- "$word")
    COMPREPLY+=("${{found[@]}}")
    compopt -o filenames 2>/dev/null || :
  fi
}}
complete -F _coldload coldload
)";

// zsh: a function for each command, in the words of its own _arguments.

// In single quotes, for _arguments, between brackets.
std::string zsh_explanation(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (character == '[' || character == ']' || character == '\\') out += '\\';
    out += character == '\'' ? std::string("'\\''") : std::string(1, character);
  }
  return out;
}

std::string zsh_action(const std::vector<std::string>& choices, bool files) {
  if (!choices.empty()) return fmt::format("({})", fmt::join(choices, " "));
  return files ? "_files" : " ";
}

// One specification a line: "'--only[…]:GLOB: '".
std::string zsh_option(const OptionWords& option) {
  std::string value;
  if (!option.value.empty()) {
    for (const std::string& part : CLI::detail::split(option.value, ' ')) {
      value += fmt::format(":{}:{}", part, zsh_action(option.choices, is_path(part)));
    }
  }
  std::string lines;
  for (const std::string& name : option.names) {
    lines += fmt::format("    '*{}[{}]{}' \\\n", name, zsh_explanation(option.description), value);
  }
  return lines;
}

std::string zsh_function(const CommandWords& command) {
  std::string name = "_coldload_" + command.path;
  std::ranges::replace(name, ' ', '_');
  std::ranges::replace(name, '-', '_');
  std::string specifications;
  for (const OptionWords& option : command.options) specifications += zsh_option(option);
  std::string text = fmt::format("{}() {{\n  local curcontext=$curcontext state line ret=1\n", name);
  if (command.commands.empty()) {
    for (const ArgumentWords& argument : command.arguments) {
      specifications += fmt::format("    '{}:{}:{}' \\\n", argument.repeated ? "*" : "", argument.name,
                                    zsh_action(argument.choices, true));
    }
    return text + fmt::format("  _arguments -s \\\n{}    && ret=0\n  return ret\n}}\n", specifications);
  }
  specifications += "    '1: :->command' '*:: :->rest' \\\n";
  text += fmt::format("  _arguments -C \\\n{}    && ret=0\n  case $state in\n  command)\n", specifications);
  text += "    local -a commands=(\n";
  for (const CommandWords& below : command.commands) {
    text += fmt::format("      '{}:{}'\n", below.name, zsh_explanation(below.description));
  }
  text += "    )\n    _describe -t commands command commands && ret=0 ;;\n  rest)\n    case $line[1] in\n";
  for (const CommandWords& below : command.commands) {
    std::string function = "_coldload_" + below.path;
    std::ranges::replace(function, ' ', '_');
    std::ranges::replace(function, '-', '_');
    text += fmt::format("    {}) {} && ret=0 ;;\n", below.name, function);
  }
  return text + "    esac ;;\n  esac\n  return ret\n}\n";
}

}  // namespace

std::string bash_completion(const CommandWords& program) {
  std::string commands;
  std::string values;
  std::string places;
  std::vector<std::string> with_value;
  for (const CommandWords* command : all_commands(program)) {
    for (const CommandWords& below : command->commands) {
      commands += fmt::format("      '{} {}') command='{}' ;;\n", command->path, below.name, below.path);
    }
    for (const OptionWords& option : command->options) {
      if (option.value.empty()) continue;
      for (const std::string& name : option.names)
        with_value.push_back(fmt::format("'{}:{}'", command->path, name));
    }
    values += bash_values(*command);
    places += bash_places(*command);
  }
  return fmt::format(fmt::runtime(kBash), fmt::arg("commands", commands),
                     fmt::arg("with_value", fmt::format("    {}", fmt::join(with_value, " | \\\n      "))),
                     fmt::arg("values", values), fmt::arg("places", places));
}

std::string zsh_completion(const CommandWords& program) {
  std::string text =
      "#compdef coldload\n# Completion of coldload for zsh, as `coldload completion zsh` prints it.\n";
  for (const CommandWords* command : all_commands(program)) text += zsh_function(*command);
  return text +
         "if [[ $funcstack[1] == _coldload ]]; then\n  _coldload_ \"$@\"\nelse\n  _coldload() { _coldload_ "
         "\"$@\"; }\n"
         "  compdef _coldload coldload\nfi\n";
}

}  // namespace coldload
