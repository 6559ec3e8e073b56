// Where files lie: mounts, the devices below them, and what kind of storage that is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/result.hpp"
#include "core/record/storage.hpp"

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
// Every mount of this machine that holds files of somebody's: on a block device or a network. One of each
// device and network source, the shortest mount point of several; at most limits::kMountsMax. [any-thread]
[[nodiscard]] std::vector<Mount> mounts_of_machine();
// By the type of its file system: local_disk, memory, network_mount; unknown for what may be either (a FUSE
// file system that is not known by name).
[[nodiscard]] StorageKind storage_kind_of(const Mount& mount);
[[nodiscard]] json::value to_json(const Mount& mount);

}  // namespace coldload
