#include "core/report/cell_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace coldload {
namespace {

int decimals_for(double shortest) {
  if (shortest >= 100) return 0;
  if (shortest >= 10) return 1;
  return shortest >= 0.1 ? 2 : 3;
}

}  // namespace

std::string TimeUnit::operator()(double duration_seconds) const {
  return fmt::format("{:.{}f}", duration_seconds / seconds, decimals);
}

TimeUnit time_unit_for(const std::vector<CaseAnalysis>& analyses) {
  std::vector<double> medians;
  for (const CaseAnalysis& analysis : analyses) {
    if (analysis.record->status == CaseStatus::ok) medians.push_back(analysis.cold_load.median);
  }
  return time_unit_of(medians);
}

TimeUnit time_unit_of(std::span<const double> durations_s) {
  double shortest = 0;
  double longest = 0;
  for (const double duration : durations_s) {
    if (duration <= 0) continue;
    shortest = shortest == 0 ? duration : std::min(shortest, duration);
    longest = std::max(longest, duration);
  }
  TimeUnit unit;
  if (longest == 0) return unit;
  if (longest < 1e-3) {
    unit = {"µs", 1e-6, 0};
  } else if (longest < 1) {
    unit = {"ms", 1e-3, 0};
  }
  unit.decimals = decimals_for(shortest / unit.seconds);
  return unit;
}

std::string runs_cell(const CaseAnalysis& analysis) {
  return fmt::format("{}/{}", analysis.valid_count, analysis.attempted_count);
}

std::string median_cell(const CaseAnalysis& analysis, const TimeUnit& unit) {
  if (analysis.valid_count == 0) return std::string(kNothing);
  return unit(analysis.cold_load.median);
}

std::string interval_cell(const CaseAnalysis& analysis, const TimeUnit& unit) {
  if (analysis.valid_count < 2) return std::string(kNothing);
  const Interval& interval = analysis.cold_load.median_interval;
  return fmt::format("{} to {}", unit(interval.low), unit(interval.high));
}

std::string rate_cell(const CaseAnalysis& analysis) {
  if (analysis.bytes_per_second <= 0) return std::string(kNothing);
  const double rate = analysis.bytes_per_second * 1e-9;
  return fmt::format("{:.{}f}", rate, rate >= 0.095 ? 2 : 4);
}

std::string verdict_cell(const CaseAnalysis& analysis) {
  if (analysis.is_baseline) return "baseline";
  if (!analysis.against_baseline) return std::string(kNothing);
  return verdict_in_words(*analysis.against_baseline);
}

std::string ceiling_cell(const CaseAnalysis& analysis) {
  if (!analysis.ceiling) return analysis.valid_count == 0 ? std::string(kNothing) : "unknown";
  return fmt::format("{:.0f} % of {}", analysis.ceiling->share * 100,
                     ceiling_in_words(analysis.ceiling->tag));
}

std::string proof_cell(const CaseAnalysis& analysis) {
  return analysis.proof_label.empty() ? std::string(kNothing) : analysis.proof_label;
}

}  // namespace coldload
