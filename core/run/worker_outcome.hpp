// What became of a worker, and the record that it means.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/json.hpp"
#include "core/record/record.hpp"

namespace coldload {

struct WorkerProgress {
  std::string phase;
  uint64_t delivered_bytes = 0;
  uint64_t total_bytes = 0;
};

struct WorkerOutcome {
  enum class End { answered, exited, signalled, timed_out, interrupted, not_started };
  End end = End::not_started;
  json::object answer;             // the last event, if one of "record", "survey", "probes", "failed" came
  int exit_status = 0;             // of exited
  int signal = 0;                  // of signalled
  bool hung = false;               // still there after SIGKILL: it waits in the kernel
  WorkerProgress last;             // where it was
  std::string output;              // its stdout, stderr and log lines, bounded
  uint64_t answered_after_ns = 0;  // by the parent's clock, from before it was started
  std::string reason;              // of not_started
};

// The run's record, whatever became of its worker: crashed, timed out and cancelled workers leave one too.
[[nodiscard]] RunRecord record_of(const WorkerOutcome& outcome, uint64_t timeout_ns);

}  // namespace coldload
