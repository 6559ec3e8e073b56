// The policy's tiers, held against what was measured.
#pragma once

#include <vector>

#include "core/analyse/decision.hpp"

namespace coldload {

// One for each tier that the policy sets and that there is a time for, of a staged home a restart and a first
// start. None where the home is undecided.
[[nodiscard]] std::vector<PolicyVerdict> judge_policy(const ResultDocument& document,
                                                      const std::vector<CaseAnalysis>& analyses,
                                                      const Decision& decision);

// "user-facing", "internal", "dev/test"
[[nodiscard]] std::string_view tier_in_words(std::string_view tier);

}  // namespace coldload
