// Options of a component as a command line gives them: "chunk=64 KiB".
#pragma once

#include <string>
#include <vector>

#include "core/plugin/component_spec.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

struct WrittenOption {
  std::string name;
  std::string text;  // as a scenario would write it, strings without quotes, lists "a,b", maps "k=v,k=v"
};

// "name=text". Errors (invalid_option): no '='.
[[nodiscard]] Result<WrittenOption> read_written_option(const std::string& argument);

// The component with these options. Errors (invalid_option): one that it does not have, with the nearest.
[[nodiscard]] Result<ComponentSpec> spec_with(const coldload_component& component, std::string name,
                                              const std::vector<WrittenOption>& written);

}  // namespace coldload
