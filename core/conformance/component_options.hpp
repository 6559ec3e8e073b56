// The component that is held to its contract, with the options of the command line and the backends they
// name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/component_spec.hpp"
#include "core/plugin/registry.hpp"
#include "core/plugin/written_option.hpp"

namespace coldload::conformance {

// The component with those of `written` that it has, and the backends that its options of type backend name:
// "local,root=/mnt/models" is one of `registry` with an option of its own. Itself last.
// Errors (invalid_option): a value of another type, a backend that there is none of.
[[nodiscard]] Result<BackendChain> configured(const Registry& registry, const coldload_component& component,
                                              const std::vector<WrittenOption>& written);

}  // namespace coldload::conformance
