#include "core/plugin/written_option.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/base/nearest.hpp"
#include "core/plugin/options.hpp"

namespace coldload {
namespace {

const Location kCommandLine{"--option", 0, 0};

// A table's default is written as the command line writes a value, and is parsed by the same function.
Value value_of(const coldload_option& option, const std::string& text) {
  coldload_option with_text = option;
  with_text.default_value = text.c_str();
  Value value = default_value_of(with_text);
  value.where = kCommandLine;
  return value;
}

}  // namespace

Result<WrittenOption> read_written_option(const std::string& argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Status::invalid_option,
                fmt::format("--option \"{}\": expected NAME=VALUE, such as root=/mnt/models", argument));
  }
  return WrittenOption{argument.substr(0, equals), argument.substr(equals + 1)};
}

Result<ComponentSpec> spec_with(const coldload_component& component, std::string name,
                                const std::vector<WrittenOption>& written) {
  ComponentSpec spec{std::move(name), component.id, {}, kCommandLine};
  for (const WrittenOption& each : written) {
    const coldload_option* option = find_option(component, each.name);
    if (option == nullptr) {
      const std::vector<std::string> known = option_names(component);
      return fail(Status::invalid_option, fmt::format("--option: \"{}\" has no option \"{}\"{}", component.id,
                                                      each.name, suggestion(each.name, known)));
    }
    spec.options.push_back({each.name, kCommandLine, value_of(*option, each.text)});
  }
  return spec;
}

}  // namespace coldload
