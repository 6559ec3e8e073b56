// What lies below a file that would make its reads fast though this kernel's page cache is empty.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/run/proof.hpp"

namespace coldload {

struct Below {
  // Why nothing can be proved about the objects: their file system has a cache of its own below the page
  // cache (FUSE, ZFS, compression) or is memory, or the block device below it is this kernel's own memory.
  // Absent: it can.
  std::optional<std::string> hidden_cache;
  std::string unseen;  // what could not be looked at, "" if all could
};

// Of every object with a descriptor; of a file on overlayfs it is the layer that holds it, where this process
// sees that. Reads no model data. [control-thread]
[[nodiscard]] Below look_below(const Objects& objects);

// Why reading from a block device, "7:0", is reading this kernel's memory: a loop device, a RAM disk or zram,
// itself or anywhere below it (device mapper, md). `block_devices` is /sys/dev/block but in tests. Absent: it
// is none, or there is no such device.
[[nodiscard]] std::optional<std::string> memory_below(
    const std::string& device, const std::filesystem::path& block_devices = "/sys/dev/block");

// Where a path below the mount point of an overlay lies in its layers, by the mount's options; the uppermost
// first. Pure.
[[nodiscard]] std::vector<std::filesystem::path> overlay_layers(std::string_view mount_options);

}  // namespace coldload
