// What lies below a mounted directory: the decision whether it is NFS, and the mount's line in mountinfo.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coldload/cpp/failure.hpp"

namespace coldload::nfs {

// statfs(2)'s f_type of every NFS version.
inline constexpr uint64_t kNfsMagic = 0x6969;

// One line of /proc/self/mountinfo.
struct Mount {
  std::string device;  // "0:53": major:minor, also of mounts without a device.
  std::string point;
  std::string type;     // "nfs4"
  std::string source;   // "server:/export"
  std::string options;  // Of the file system: "rw,vers=4.2,rsize=1048576,…"
};

// The last mount of `device` ("0:53") in `table`, the text of mountinfo. Lines that are not of its form are
// passed over.
[[nodiscard]] std::optional<Mount> mount_of_device(std::string_view table, const std::string& device);

// The value of `name` in "a,b=1,c=2"; "" if it is not there or has none.
[[nodiscard]] std::string mount_option(std::string_view options, std::string_view name);

// Nothing if statfs(2) answered NFS's magic; else the failure to throw: what `path` is instead, as `mount`
// tells where it is known, and what to use for it.
[[nodiscard]] std::optional<sdk::Failure> refusal(const std::string& path, uint64_t magic,
                                                  const std::optional<Mount>& mount);

}  // namespace coldload::nfs
