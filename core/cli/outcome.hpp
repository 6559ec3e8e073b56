// The exit status that a result document means.
#pragma once

#include "core/cli/exit_code.hpp"
#include "core/record/document.hpp"

namespace coldload {

// Several may apply; the first of interrupted, internal, integrity, case_failed, expectation_broken,
// environment counts. Skipped, unprovable and disturbed runs are no failure.
[[nodiscard]] ExitCode outcome_of(const ResultDocument& document);

}  // namespace coldload
