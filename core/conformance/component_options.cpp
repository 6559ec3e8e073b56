#include "core/conformance/component_options.hpp"

#include <fmt/format.h>

#include <utility>

#include "coldload/backend.h"
#include "core/base/nearest.hpp"
#include "core/plugin/options.hpp"

namespace coldload::conformance {
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

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

Result<ComponentSpec> spec_of(const coldload_component& component, std::string name,
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

// "local,root=/mnt/models" as the backend that an option `name` names.
Result<ComponentSpec> inner_backend(const Registry& registry, const WrittenOption& written) {
  const std::vector<std::string> parts = split(written.text);
  const auto component = registry.find(COLDLOAD_KIND_BACKEND, parts.front());
  if (!component) {
    return fail(
        Status::invalid_option,
        fmt::format(
            "--option {}: no plugin provides a backend \"{}\"; expected a backend and its options, such as "
            "{}=local,root=/mnt/models",
            written.name, parts.front(), written.name));
  }
  std::vector<WrittenOption> options;
  for (size_t i = 1; i < parts.size(); ++i) {
    auto option = read_written_option(parts[i]);
    if (!option) return pass(option);
    options.push_back(std::move(*option));
  }
  return spec_of(*component->table, written.name, options);
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

Result<BackendChain> configured(const Registry& registry, const coldload_component& component,
                                const std::vector<WrittenOption>& written) {
  BackendChain chain;
  std::vector<WrittenOption> own;
  for (WrittenOption each : written) {
    const coldload_option* option = find_option(component, each.name);
    if (option == nullptr) continue;  // Of another component of the plugin; the caller has looked.
    if (option->type == COLDLOAD_OPTION_BACKEND && !each.text.empty()) {
      auto inner = inner_backend(registry, each);
      if (!inner) return pass(inner);
      chain.push_back(std::move(*inner));
      each.text = each.name;
    }
    own.push_back(std::move(each));
  }
  auto spec = spec_of(component, "under-check", own);
  if (!spec) return pass(spec);
  chain.push_back(std::move(*spec));
  return chain;
}

}  // namespace coldload::conformance
