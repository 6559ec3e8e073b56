#include "core/conformance/component_options.hpp"

#include <fmt/format.h>

#include <utility>

#include "coldload/backend.h"
#include "core/plugin/options.hpp"

namespace coldload::conformance {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
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
  return spec_with(*component->table, written.name, options);
}

}  // namespace

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
  auto spec = spec_with(component, "under-check", own);
  if (!spec) return pass(spec);
  chain.push_back(std::move(*spec));
  return chain;
}

}  // namespace coldload::conformance
