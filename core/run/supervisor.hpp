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
#include "core/run/worker_outcome.hpp"

namespace coldload {

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

}  // namespace coldload
