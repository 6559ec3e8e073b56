// What is said of a glob over case ids that matches none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/location.hpp"
#include "core/plan/candidates.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

// "\"nmve/*\" matches no case; did you mean …" with the nearest of `ids`, else "; cases are …" with the
// first.
[[nodiscard]] std::string matches_nothing(std::string_view glob, const std::vector<std::string>& ids);
// Likewise; shown are those that are cases whether their backend stages or not.
[[nodiscard]] std::string matches_nothing(std::string_view glob, const std::vector<Candidate>& candidates);

// Of each baseline and each [[expect]] whose glob matches no id. One that matches only cases which depend on
// whether a backend stages is left to make_plan(), which asks. At most limits::kDiagnosticsMax. Pure.
[[nodiscard]] Diagnostics mistaken_globs(const Scenario& scenario, const std::vector<Candidate>& candidates);

}  // namespace coldload
