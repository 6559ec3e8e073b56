// `coldload worker`: one request in on a pipe, events out on another, then the end.
#pragma once

#include <cstdint>

namespace coldload {

inline constexpr int kWorkerRequestFd = 3;
inline constexpr int kWorkerEventFd = 4;

// Reads the request from `request_fd`, writes events to `event_fd`; a line "cancel" or the end of
// `request_fd` stops it. The process's exit status: 0 once an answer was written, whatever it says.
// [control-thread]
[[nodiscard]] int run_worker(int request_fd, int event_fd, uint64_t started_ns);

}  // namespace coldload
