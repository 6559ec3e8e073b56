// One run, from created components to a record. Cannot fail: whatever happens is a record.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/plugin/registry.hpp"
#include "core/record/record.hpp"
#include "core/run/request.hpp"

namespace coldload {

// `started_ns`: when this worker process began. The record lacks what only the parent knows: case,
// repetition, sequence, start time. [control-thread]
[[nodiscard]] RunRecord execute_run(const WorkerRequest& request, const Registry& registry, EventSink& events,
                                    const std::atomic<bool>& cancelled, uint64_t started_ns);

}  // namespace coldload
