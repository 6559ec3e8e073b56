// What was read from storage on behalf of this process and of what it started.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace coldload {

struct StorageReads {
  std::optional<uint64_t> bytes;  // absent where the kernel does not tell
  std::string why_unknown;        // "" where it counts none at all
};

// `read_bytes` of /proc/PID/io of this process and of every descendant that has not been waited for; what one
// that has been waited for read is its parent's by then. A process that ends meanwhile may be missed, none is
// counted twice: too few bytes at worst, never too many. Reads of a process that another one started on its
// behalf are not seen. [any-thread]
[[nodiscard]] StorageReads storage_reads();

}  // namespace coldload
