// Which case each case is compared with.
#pragma once

#include <string>
#include <vector>

#include "core/base/location.hpp"
#include "core/plan/candidates.hpp"
#include "core/plan/plan.hpp"

namespace coldload {

// Sets `baseline_id` of every case: the first one that runs and that the glob of its comparison matches, or
// without a glob the comparison's first one that runs; of several the first of the case's own cache state.
// Globs that match no case, of baselines and of
// [[expect]], become `mistakes`; a baseline that is there but does not run becomes a note of the plan.
// `kept` are the candidates of plan.cases, one each; `left_out` the ids that --only removed.
void assign_baselines(Plan& plan, const std::vector<const Candidate*>& kept,
                      const std::vector<std::string>& left_out, Diagnostics& mistakes);

}  // namespace coldload
