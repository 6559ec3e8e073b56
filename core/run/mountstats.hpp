// What an NFS mount of this kernel has read from its server: /proc/self/mountstats. It counts for everybody
// on the mount, and is the only count there is: no block device lies below.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coldload {

struct NfsCounters {
  uint64_t read_bytes = 0;     // that READ answers brought from the server, direct and through the page cache
  uint64_t read_requests = 0;  // READ operations that were answered
  uint64_t read_rtt_ms = 0;    // of all of them together, from sent to answered
};

// Of the mount at `mount_point` in `text`, the content of mountstats; of the last one there, as that covers
// the others. Nothing if it is not there, is no NFS mount, or its lines are not of the known form
// (statvers 1.x).
[[nodiscard]] std::optional<NfsCounters> parse_mountstats(std::string_view text,
                                                          const std::string& mount_point);

// The same, now. "" is no mount. [control-thread]
[[nodiscard]] std::optional<NfsCounters> nfs_counters(const std::string& mount_point);

// The mount point that holds `path` if its file system is NFS, else "".
[[nodiscard]] std::string nfs_mount_of(const std::string& path);

}  // namespace coldload
