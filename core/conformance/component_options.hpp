// Options of components as a command line gives them: "chunk=64 KiB".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/component_spec.hpp"
#include "core/plugin/registry.hpp"

namespace coldload::conformance {

struct WrittenOption {
  std::string name;
  std::string text;  // as a scenario would write it, strings without quotes, lists "a,b", maps "k=v,k=v"
};

// "name=text". Errors (invalid_option): no '='.
[[nodiscard]] Result<WrittenOption> read_written_option(const std::string& argument);

// The component with those of `written` that it has, and the backends that its options of type backend name:
// "local,root=/mnt/models" is one of `registry` with an option of its own. Itself last.
// Errors (invalid_option): a value of another type, a backend that there is none of.
[[nodiscard]] Result<BackendChain> configured(const Registry& registry, const coldload_component& component,
                                              const std::vector<WrittenOption>& written);

}  // namespace coldload::conformance
