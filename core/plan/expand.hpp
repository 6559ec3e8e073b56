// Sweeps become components with one value each; backends become chains with what they are built on.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/location.hpp"
#include "core/plugin/component_spec.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

// As a part of a case id: "parallel,threads=4", "lake-to-nvme,lake.part_size=8 MiB".
struct StrategyVariant {
  std::string label;
  ComponentSpec spec;
};
struct BackendVariant {
  std::string label;
  BackendChain chain;
};

// `plugin` is absent for the destinations that need no table, whose label is their name.
struct DestinationVariant {
  std::string label;
  std::string name;
  std::optional<ComponentSpec> plugin;
};

// Several swept options multiply, the last one of the file fastest. Fails where that makes more than
// limits::kCasesMax.
[[nodiscard]] std::expected<std::vector<StrategyVariant>, Diagnostic> expand_strategy(
    const ComponentSpec& strategy, const Registry& registry);

[[nodiscard]] std::expected<std::vector<DestinationVariant>, Diagnostic> expand_destination(
    const ComponentSpec& destination, const Registry& registry);

// One chain per combination of its own sweeps and those of every backend it is built on; a backend that
// stands below it twice is the same one in both places. `backends` is free of cycles and knows every name.
[[nodiscard]] std::expected<std::vector<BackendVariant>, Diagnostic> expand_backend(
    std::string_view name, const std::vector<ComponentSpec>& backends, const Registry& registry);

}  // namespace coldload
