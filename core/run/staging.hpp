// What `coldload stage` copies from where to where, as a chain of backends.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/component_spec.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

struct StageOrder {
  std::string source;       // a directory, or a URL whose scheme is a backend's
  std::string destination;  // the copy's directory, absent or a copy of ours
  std::optional<uint64_t> limit_bytes_per_second;
  std::optional<uint32_t> parallel;
  std::optional<uint64_t> reserve_bytes;
  std::vector<std::string> source_options;  // "NAME=VALUE", of the source's backend
};

// The chain that makes it: the source, the directory above the destination, and a staging backend on both.
// Errors (invalid_option): a scheme that no backend has, an option that the source's has not, no such
// directory above the destination, one that lies in the other.
[[nodiscard]] Result<BackendChain> stage_chain(const StageOrder& order, const Registry& registry);

}  // namespace coldload
