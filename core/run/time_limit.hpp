// How long a run may take before its worker is stopped.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/plan.hpp"
#include "core/record/document.hpp"

namespace coldload {

// In ns. [run] timeout, or five times what the slowest plausible reading takes, twice (a warm case reads
// before its clock), and a floor. `probes` may say what is plausible. [any-thread]
[[nodiscard]] uint64_t time_limit_of(const Case& planned, const RunSettings& run,
                                     const std::vector<ProbeRecord>& probes);

}  // namespace coldload
