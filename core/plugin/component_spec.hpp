// A component as a scenario configures it: what the planner chooses and the worker creates.
#pragma once

#include <string>
#include <vector>

#include "core/base/value.hpp"

namespace coldload {

struct ComponentSpec {
  std::string name;       // the scenario's: "lake"
  std::string component;  // the plugin component's id: "s3"
  ValueTable options;     // as written, swept arrays already reduced to one element
  Location where;         // of its table
};

// One backend and all those it is built on (options of type backend), itself last.
using BackendChain = std::vector<ComponentSpec>;

[[nodiscard]] json::value to_json(const ComponentSpec& spec);
[[nodiscard]] Result<ComponentSpec> component_spec_from_json(const json::value& document);

}  // namespace coldload
