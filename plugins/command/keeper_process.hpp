// The process between ours and a program: it starts the program, adopts whatever the program leaves behind,
// and ends all of it, when told to or when ours is gone, however that came about.
#pragma once

#include <cstdint>

#include "program.hpp"

namespace coldload::command {

// What it is told, whole structs on a pipe; the pipe's end means stop at once.
struct Order {
  enum : uint32_t { launch = 1, stop = 2 };
  uint32_t what;
  uint32_t reserved;
  uint64_t grace_ns;  // of stop: between SIGTERM and SIGKILL
};

// What it tells, likewise.
struct Report {
  enum : uint32_t {
    ready = 1,         // nothing of ours is open in it any more
    launched = 2,      // execve(2) has happened
    not_launched = 3,  // value: errno
    exited = 4,        // value: status as wait(2) gives it; others of its group may live on
    ended = 5,         // value: processes that would not end; detail: the last signal sent, or 0
  };
  uint32_t what;
  int32_t value;
  int32_t detail;
  int32_t reserved;
};

struct KeeperEnds {
  int orders;
  int reports;
  int output;  // the program's stdout and stderr
};

// Goes on in a freshly forked child, and never returns. A child of a process with threads: only system calls,
// nothing that allocates or locks.
[[noreturn]] void keep(const KeeperEnds& ends, const Program& program);

}  // namespace coldload::command
