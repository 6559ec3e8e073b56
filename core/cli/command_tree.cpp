#include "core/cli/command_tree.hpp"

#include <fmt/format.h>

#include <string_view>

namespace coldload {
namespace {

// What stands between `open` and `close` of CLI11's type name, "N:UINT in [1 - 256]" or "TEXT:{table,json}".
std::string between(std::string_view text, char open, char close) {
  const size_t start = text.find(open);
  const size_t end = text.rfind(close);
  if (start == std::string_view::npos || end == std::string_view::npos || end < start) return {};
  return std::string(text.substr(start + 1, end - start - 1));
}

std::vector<std::string> choices_of(std::string_view type) {
  return CLI::detail::split(between(type, '{', '}'), ',');
}

std::string range_of(std::string_view type) {
  std::string range = between(type, '[', ']');
  if (const size_t dash = range.find(" - "); dash != std::string::npos) range.replace(dash, 3, " to ");
  return range;
}

OptionWords option_words(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  OptionWords words;
  for (const std::string& name : option.get_snames()) words.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) words.names.push_back("--" + name);
  if (option.get_items_expected_max() > 0) words.value = type.substr(0, type.find(':'));
  words.choices = choices_of(type);
  std::erase(words.choices, "");
  words.range = range_of(type);
  words.description = option.get_description();
  words.required = option.get_required();
  return words;
}

ArgumentWords argument_words(const CLI::Option& option) {
  OptionWords words = option_words(option);
  return {.name = option.get_name(true),
          .choices = std::move(words.choices),
          .description = std::move(words.description),
          .required = words.required,
          .repeated = option.get_items_expected_max() > 1};
}

CommandWords command_words(const CLI::App& app, const std::string& above) {
  const bool is_program = app.get_parent() == nullptr;
  CommandWords words;
  words.name = app.get_name();
  words.path = is_program ? "" : above.empty() ? words.name : fmt::format("{} {}", above, words.name);
  words.description = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      words.arguments.push_back(argument_words(*option));
    } else if (is_program || option != app.get_help_all_ptr()) {
      words.options.push_back(option_words(*option));
    }
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.commands.push_back(command_words(*command, words.path));
  }
  return words;
}

}  // namespace

CommandWords words_of(const CLI::App& app) {
  return command_words(app, "");
}

}  // namespace coldload
