// Figures as the table writes them: one unit and one number of decimals a column, so that magnitudes line up.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/case_summary.hpp"

namespace coldload {

// What a cell holds where there is nothing to say.
inline constexpr std::string_view kNothing = "–";

struct TimeUnit {
  std::string_view name = "s";
  double seconds = 1;
  int decimals = 2;

  // Blank-free and without the unit: "12.03".
  [[nodiscard]] std::string operator()(double duration_seconds) const;
};

// The unit that suits the longest of these durations (seconds), decimals enough for the shortest; seconds
// when there is none above 0.
[[nodiscard]] TimeUnit time_unit_of(std::span<const double> durations_s);
// Of the medians of all cases that are ok.
[[nodiscard]] TimeUnit time_unit_for(const std::vector<CaseAnalysis>& analyses);

[[nodiscard]] std::string runs_cell(const CaseAnalysis& analysis);                          // "5/6"
[[nodiscard]] std::string median_cell(const CaseAnalysis& analysis, const TimeUnit& unit);  // "1.23", "–"
// "1.21 to 1.30"; "–" of fewer than two runs, which have no interval.
[[nodiscard]] std::string interval_cell(const CaseAnalysis& analysis, const TimeUnit& unit);
// GB/s without the unit: "0.85"; more decimals below 0.1; "–" of a case that moves nothing.
[[nodiscard]] std::string rate_cell(const CaseAnalysis& analysis);
// "baseline", the verdict in words, "–" where there is nothing to compare with.
[[nodiscard]] std::string verdict_cell(const CaseAnalysis& analysis);
// "87 % of device", "unknown".
[[nodiscard]] std::string ceiling_cell(const CaseAnalysis& analysis);
[[nodiscard]] std::string proof_cell(const CaseAnalysis& analysis);

}  // namespace coldload
