// What a load leaves in its run's record.
#pragma once

#include <optional>
#include <vector>

#include "core/record/record.hpp"
#include "core/run/job.hpp"

namespace coldload {

// Chunks and their latencies, the objects with their first and last byte, the first byte of all. `files`: one
// an item. After load() has returned. [control-thread]
void add_load(const LoadJob& job, const std::vector<std::optional<FileIdentity>>& files, RunRecord& record);

// The peaks of this process's memory. [control-thread]
void add_own_memory(RunRecord& record);

}  // namespace coldload
