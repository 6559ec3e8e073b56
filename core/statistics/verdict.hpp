// Whether a case is faster or slower than the baseline, and the words for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/statistics/bootstrap.hpp"

namespace coldload {

enum class Verdict { faster, slower, no_difference_shown, too_few_runs };

struct BaselineComparison {
  size_t baseline_count = 0;  // runs that counted
  size_t other_count = 0;
  double ratio = 0;         // median of other / median of baseline; above 1 the other takes longer
  Interval ratio_interval;  // bootstrap, 95 %
  double p_value = 1;       // Mann-Whitney, two-sided
  double p_adjusted = 1;    // Holm, over the family compared with this baseline
  Verdict verdict = Verdict::too_few_runs;
  // More runs of each side until a difference, however clear, is sure to be called in this family; 0 when it
  // already is. The smallest p of 4 against 4 runs is 0.0286: enough alone, out of reach among two.
  size_t more_runs_needed = 0;

  [[nodiscard]] bool resolvable() const { return more_runs_needed == 0; }
};

// A ratio of medians nearer to 1 than this is never called faster or slower, whatever its p. On real machines
// two runs of the same case differ by where in the round they stand: of the recorded cold reads every second
// one takes 1 to 3 % longer, which more runs only make more significant.
inline constexpr double kRatioShown = 1.03;

// Compares run times (any unit, the same for both). Times that are not finite and positive are no runs and do
// not count. Fewer than limits::kRunsForVerdictMin on either side: too_few_runs, with ratio and interval 0.
// faster or slower needs p_adjusted <= 0.05, a ratio beyond kRatioShown and an interval without 1.
// [any-thread]
[[nodiscard]] BaselineComparison compare(std::span<const double> baseline, std::span<const double> other,
                                         uint64_t seed);

// Compares each of `others` with one baseline, in the order given. They are one family: its verdicts hold no
// false one in 95 % of the families. Those with too few runs are not tested and do not weigh on the rest.
// [any-thread]
[[nodiscard]] std::vector<BaselineComparison> compare_all(std::span<const double> baseline,
                                                          std::span<const std::vector<double>> others,
                                                          uint64_t seed);

struct ComparedRuns {
  std::vector<double> baseline;
  std::vector<double> other;
};

// Compares the two sides of each pair, which share nothing with those of other pairs. They are one family, as
// in compare_all. [any-thread]
[[nodiscard]] std::vector<BaselineComparison> compare_pairs(std::span<const ComparedRuns> pairs,
                                                            uint64_t seed);

// "1.32× slower (1.21 to 1.45)", "2.10× faster (1.95 to 2.20)", "no difference shown", the same with
// " (needs 3 more runs)" when no difference could have been, "too few runs". [any-thread]
[[nodiscard]] std::string verdict_in_words(const BaselineComparison& comparison);

}  // namespace coldload
