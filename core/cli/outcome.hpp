// The exit status that a result document means, or a plan.
#pragma once

#include "core/cli/exit_code.hpp"
#include "core/plan/plan.hpp"
#include "core/record/document.hpp"

namespace coldload {

// Several may apply; the first of interrupted, internal, integrity, case_failed, expectation_broken,
// environment counts. Skipped, unprovable and disturbed runs are no failure.
[[nodiscard]] ExitCode outcome_of(const ResultDocument& document);

// That of the run which the plan is of, as far as is known before it.
[[nodiscard]] ExitCode outcome_of(const Plan& plan);

}  // namespace coldload
