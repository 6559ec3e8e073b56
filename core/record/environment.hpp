// What the machine is: everything about the surroundings that a number may depend on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/result.hpp"

namespace coldload {

// The block device or network source below a path.
struct Mount {
  std::string path;          // mount point
  std::string type;          // "ext4", "nfs4", "tmpfs"
  std::string source;        // "/dev/vda", "server:/export"
  std::string options;       // of the mount and of the file system
  std::string device;        // "vda", the whole disk's name; "" where there is none
  std::string device_model;  // "" where the kernel tells none
  std::optional<uint64_t> read_ahead_bytes;
  std::string scheduler;  // "mq-deadline"
  std::optional<bool> rotational;
  uint64_t size_bytes = 0;
  uint64_t free_bytes = 0;
};

// The mount that holds `path`, by mountinfo. [any-thread]
[[nodiscard]] Result<Mount> mount_of(const std::filesystem::path& path);
[[nodiscard]] json::value to_json(const Mount& mount);

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
