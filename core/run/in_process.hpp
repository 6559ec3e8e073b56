// A run without a worker process.
#pragma once

#include "core/run/request.hpp"
#include "core/run/supervisor.hpp"

namespace coldload {

// Without a child process, for a debugger: same events, same answer, no watchdog. [control-thread]
[[nodiscard]] WorkerOutcome execute_in_process(const WorkerRequest& request,
                                               const Supervisor::ProgressCallback& progress);

}  // namespace coldload
