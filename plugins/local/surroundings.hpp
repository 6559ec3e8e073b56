// What lies below a directory: for diagnose().
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coldload/cpp/diagnose.hpp"
#include "coldload/cpp/posix/directory.hpp"

namespace coldload::local {

struct MountLine {
  std::string point;
  std::string type;    // "ext4"
  std::string source;  // "/dev/vda1", "server:/export"
};

// The mount of a text like /proc/self/mountinfo that holds `path`, which has no links in it: the last one on
// the longest matching point. Pure.
[[nodiscard]] std::optional<MountLine> mount_holding(const std::string& mountinfo, const std::string& path);

// Mount, space, read-ahead, and the model's directory where it is there.
void diagnose_directory(const sdk::posix::Directory& directory, const std::string& prefix,
                        sdk::Diagnosis& out);

}  // namespace coldload::local
