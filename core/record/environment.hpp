// What the machine is: everything about the surroundings that a number may depend on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/json.hpp"
#include "core/base/result.hpp"

namespace coldload {

// How much memory a run may use: min(MemAvailable, cgroup headroom), v1 and v2.
struct MemoryHeadroom {
  uint64_t bytes = 0;
  std::string source;  // "MemAvailable", "cgroup memory limit 512 MiB"
  uint64_t total_bytes = 0;
  std::optional<uint64_t> cgroup_limit_bytes;
};
[[nodiscard]] MemoryHeadroom memory_headroom();

// Kernel, CPU, memory, limits, proxies (names only where they hold a password), as the result document's
// "environment". Reads /proc and /sys only.
[[nodiscard]] json::object environment_to_json();

// "2026-11-22T20:41:36Z"
[[nodiscard]] std::string utc_now();
// "20261122T204136Z", for file names.
[[nodiscard]] std::string utc_now_compact();

}  // namespace coldload
