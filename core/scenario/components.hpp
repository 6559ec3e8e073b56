// What backends are built on: shared by the reader, which refuses cycles, and the planner, which makes
// chains.
#pragma once

#include <string>
#include <vector>

#include "core/base/location.hpp"
#include "core/plugin/component_spec.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

struct BuiltOn {
  std::string backend;
  Location where;
};

// Names that the options of type backend of `backend` give, swept ones included, in file order.
[[nodiscard]] std::vector<BuiltOn> built_on(const ComponentSpec& backend, const Registry& registry);

// Every name that a comparison may give as a destination: those without a table, then `declared`.
[[nodiscard]] std::vector<std::string> destination_names(const std::vector<ComponentSpec>& declared);

// The names of `components`, in order.
[[nodiscard]] std::vector<std::string> names_of(const std::vector<ComponentSpec>& components);

}  // namespace coldload
