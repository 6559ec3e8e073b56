#include "core/statistics/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/limits.hpp"
#include "core/statistics/rank_test.hpp"
#include "core/statistics/summary.hpp"

namespace coldload {

namespace {

constexpr double kSignificance = 0.05;

std::vector<double> sorted_runs(std::span<const double> times) {
  std::vector<double> sorted;
  std::ranges::copy_if(times, std::back_inserter(sorted),
                       [](double time) { return std::isfinite(time) && time > 0; });
  std::ranges::sort(sorted);
  return sorted;
}

bool has_enough_runs(const BaselineComparison& comparison) {
  return std::min(comparison.baseline_count, comparison.other_count) >= limits::kRunsForVerdictMin;
}

BaselineComparison measure(std::span<const double> baseline, std::span<const double> other, uint64_t seed) {
  BaselineComparison comparison;
  comparison.baseline_count = baseline.size();
  comparison.other_count = other.size();
  if (!has_enough_runs(comparison)) return comparison;
  comparison.ratio = quantile(other, 0.5) / quantile(baseline, 0.5);
  comparison.p_value = mann_whitney(baseline, other).p_value;
  Random random(seed);
  std::vector<double> ratios = resampled_medians(other, random);
  const std::vector<double> baselines = resampled_medians(baseline, random);
  for (size_t i = 0; i < ratios.size(); ++i) ratios[i] /= baselines[i];
  comparison.ratio_interval = percentile_interval(std::move(ratios));
  return comparison;
}

Verdict decide(const BaselineComparison& comparison) {
  if (comparison.p_adjusted > kSignificance) return Verdict::no_difference_shown;
  // The test compares ranks and the interval medians: where they disagree, nothing is shown.
  if (comparison.ratio >= kRatioShown && comparison.ratio_interval.low > 1) return Verdict::slower;
  if (comparison.ratio <= 1 / kRatioShown && comparison.ratio_interval.high < 1) return Verdict::faster;
  return Verdict::no_difference_shown;
}

// Rounds give every case one more run, so both sides grow together.
size_t count_more_runs_needed(const BaselineComparison& comparison, size_t family_count) {
  size_t more = 0;
  const size_t fewest = std::min(comparison.baseline_count, comparison.other_count);
  if (fewest < limits::kRunsForVerdictMin) more = limits::kRunsForVerdictMin - fewest;
  const auto family = static_cast<double>(family_count);
  while (family * smallest_p_value(comparison.baseline_count + more, comparison.other_count + more) >
         kSignificance) {
    ++more;
  }
  return more;
}

void decide_family(std::vector<BaselineComparison>& comparisons) {
  std::vector<double> p_values;
  for (const BaselineComparison& comparison : comparisons) {
    if (has_enough_runs(comparison)) p_values.push_back(comparison.p_value);
  }
  const std::vector<double> adjusted = holm(p_values);
  auto next_adjusted = adjusted.begin();
  for (BaselineComparison& comparison : comparisons) {
    const bool tested = has_enough_runs(comparison);
    comparison.more_runs_needed = count_more_runs_needed(comparison, adjusted.size() + (tested ? 0 : 1));
    if (!tested) continue;
    comparison.p_adjusted = *next_adjusted++;
    comparison.verdict = decide(comparison);
  }
}

// Figures enough that a ratio beyond kRatioShown never reads "1.0×", and no more than the noise deserves.
std::string ratio_in_words(double ratio) {
  if (ratio >= 100) return fmt::format("{:.0f}", ratio);
  if (ratio >= 10) return fmt::format("{:.1f}", ratio);
  return fmt::format("{:.2f}", ratio);
}

}  // namespace

BaselineComparison compare(std::span<const double> baseline, std::span<const double> other, uint64_t seed) {
  const std::vector<std::vector<double>> others{{other.begin(), other.end()}};
  return compare_all(baseline, others, seed).front();
}

std::vector<BaselineComparison> compare_all(std::span<const double> baseline,
                                            std::span<const std::vector<double>> others, uint64_t seed) {
  const std::vector<double> baseline_runs = sorted_runs(baseline);
  std::vector<BaselineComparison> comparisons;
  for (size_t i = 0; i < others.size(); ++i) {
    comparisons.push_back(measure(baseline_runs, sorted_runs(others[i]), derived_seed(seed, i)));
  }
  decide_family(comparisons);
  return comparisons;
}

std::vector<BaselineComparison> compare_pairs(std::span<const ComparedRuns> pairs, uint64_t seed) {
  std::vector<BaselineComparison> comparisons;
  for (size_t i = 0; i < pairs.size(); ++i) {
    comparisons.push_back(
        measure(sorted_runs(pairs[i].baseline), sorted_runs(pairs[i].other), derived_seed(seed, i)));
  }
  decide_family(comparisons);
  return comparisons;
}

std::string verdict_in_words(const BaselineComparison& comparison) {
  const Interval& interval = comparison.ratio_interval;
  switch (comparison.verdict) {
    case Verdict::slower:
      return fmt::format("{}× slower ({} to {})", ratio_in_words(comparison.ratio),
                         ratio_in_words(interval.low), ratio_in_words(interval.high));
    case Verdict::faster:
      return fmt::format("{}× faster ({} to {})", ratio_in_words(1 / comparison.ratio),
                         ratio_in_words(1 / interval.high), ratio_in_words(1 / interval.low));
    case Verdict::no_difference_shown:
      if (comparison.resolvable()) return "no difference shown";
      return fmt::format("no difference shown (needs {} more run{})", comparison.more_runs_needed,
                         comparison.more_runs_needed == 1 ? "" : "s");
    case Verdict::too_few_runs:
      return "too few runs";
  }
  return "too few runs";
}

}  // namespace coldload
