// Waiting until the machine is quiet, before anything is evicted: bounded and recorded.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace coldload {

struct Quiet {
  uint64_t waited_ns = 0;
  bool reached = true;
  std::string reason;  // what was still busy: "48 MB under write-back", "3 requests in flight on 253:0"
};

// Writes back the file system that holds `fd` (-1: none), then waits until nothing is under write-back, few
// pages are dirty and the device has no request in flight, at most limits::kQuietWaitMs. [control-thread]
[[nodiscard]] Quiet wait_until_quiet(int fd, const std::string& device,
                                     const std::function<bool()>& cancelled);

}  // namespace coldload
