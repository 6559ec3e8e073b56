// What a reader must know beside a case's figures.
#pragma once

#include <string>
#include <vector>

#include "core/analyse/case_summary.hpp"

namespace coldload {

// The gravest first: what the figures are not (synthetic, emulated, sampled, touches only), then runs that do
// not count and why, then what the proof does not cover. `baseline` is null where there is none.
[[nodiscard]] std::vector<std::string> notes_of(const CaseAnalysis& analysis, const ResultDocument& document,
                                                const CaseAnalysis* baseline);

}  // namespace coldload
