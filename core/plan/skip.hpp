// Why a case cannot run here, in words that name what is missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/plan/plan.hpp"

namespace coldload {

// Of a stream's buffers: what the scenario says, else what the strategy needs, at least 64 MiB.
[[nodiscard]] uint64_t pool_bytes_of(const Case& subject, const RunSettings& run);

// Pure: looks at the survey and the machine's limits only. Nothing where the case can run.
[[nodiscard]] std::optional<std::string> skip_reason_of(const Case& subject, const RunSettings& run,
                                                        const PlanLimits& limits);

}  // namespace coldload
