// The parent's side of a worker: starts it, listens, and ends it, always.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/base/json.hpp"
#include "core/record/record.hpp"
#include "core/run/interrupt.hpp"
#include "core/run/request.hpp"

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

class Supervisor {
 public:
  // `executable` is run as `EXECUTABLE worker`. `interrupt` outlives the supervisor.
  Supervisor(std::filesystem::path executable, Interrupt& interrupt)
      : executable_(std::move(executable)), interrupt_(interrupt) {}

  using ProgressCallback = std::function<void(const WorkerProgress&)>;

  // Runs one request to its end in a child process, in a process group of its own that dies with this
  // process. When it returns no process of that group is left, but for one that hangs in the kernel.
  // [control-thread]
  [[nodiscard]] WorkerOutcome execute(const WorkerRequest& request, uint64_t timeout_ns,
                                      const ProgressCallback& progress);

  [[nodiscard]] Interrupt& interrupt() { return interrupt_; }

 private:
  std::filesystem::path executable_;
  Interrupt& interrupt_;
};

// Without a child process, for a debugger: same events, same answer, no watchdog. [control-thread]
[[nodiscard]] WorkerOutcome execute_in_process(const WorkerRequest& request,
                                               const Supervisor::ProgressCallback& progress);

// The run's record, whatever became of its worker: crashed, timed out and cancelled workers leave one too.
[[nodiscard]] RunRecord record_of(const WorkerOutcome& outcome, uint64_t timeout_ns);

}  // namespace coldload
