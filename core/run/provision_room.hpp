// Whether what `coldload provision` would put somewhere may be written there and fits, before any of it is.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/result.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

class ProvisionRoom {
 public:
  // The reserve is that of the staging backend, which copies: its option's default.
  explicit ProvisionRoom(const Registry& registry);

  // `bytes` stay in `path` below `root`; meanwhile `passing_bytes` more lie in `root`. What was taken before
  // from the same file system counts, as one after the other is made. Errors: not_found (no such root),
  // permission_denied, io_error (no room). [control-thread]
  [[nodiscard]] Result<void> take(const std::string& root, const std::string& path, uint64_t bytes,
                                  uint64_t passing_bytes);

 private:
  uint64_t reserve_bytes_ = 0;
  std::map<uint64_t, uint64_t> taken_bytes_;  // by device number
};

}  // namespace coldload
