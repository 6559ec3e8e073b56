// What `coldload doctor` says about the machine, without any plugin.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/registry.hpp"
#include "core/record/environment.hpp"
#include "core/record/fact.hpp"

namespace coldload {

inline constexpr const char* kMachine = "machine";

// Kernel, CPU, memory, limits, huge pages, plugins; and by a scratch file in the first of `scratch_places`
// that is writable and on a disk: whether what proves a cold run works there. Nothing is left behind.
// [control-thread]
[[nodiscard]] Facts machine_facts(const Registry& registry,
                                  const std::vector<std::filesystem::path>& scratch_places);

// cachestat(2), eviction and /proc/self/io, tried on a few MiB, and the read-ahead below them.
[[nodiscard]] Facts scratch_facts(const std::vector<std::filesystem::path>& places);

// Each of one thing that was read. Pure.
[[nodiscard]] Fact memory_limit_fact(const MemoryHeadroom& memory);
// `limit_bytes` absent: none. `is_exempt`: privileged processes may lock what they like.
[[nodiscard]] Fact memlock_fact(std::optional<uint64_t> limit_bytes, bool is_exempt);
// The line of /sys/kernel/mm/transparent_hugepage/enabled, "" where there is none.
[[nodiscard]] Fact huge_pages_fact(std::string_view enabled);
// "" where the kernel tells none.
[[nodiscard]] Fact governor_fact(std::string_view governor);

}  // namespace coldload
