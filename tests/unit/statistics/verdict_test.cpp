#include "core/statistics/verdict.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/limits.hpp"
#include "noise.hpp"

namespace coldload {
namespace {

constexpr uint64_t kSeed = 7;

// `count` distinct times within 1 % of `around`.
std::vector<double> times(size_t count, double around) {
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = around * (0.99 + 0.02 * static_cast<double>((i * 7) % count) / static_cast<double>(count));
  }
  return values;
}

TEST(Verdict, CallsWhatTakesLongerSlower_WithTheRatioAndItsInterval) {
  const BaselineComparison comparison = compare(times(10, 100), times(10, 150), kSeed);
  EXPECT_EQ(comparison.verdict, Verdict::slower);
  EXPECT_NEAR(comparison.ratio, 1.5, 0.001);
  EXPECT_LT(comparison.ratio_interval.low, comparison.ratio);
  EXPECT_GT(comparison.ratio_interval.high, comparison.ratio);
  EXPECT_EQ(verdict_in_words(comparison), "1.50× slower (1.49 to 1.51)");
}

TEST(Verdict, CallsWhatTakesLessFaster_WithTheRatioTurnedRound) {
  const BaselineComparison comparison = compare(times(10, 100), times(10, 40), kSeed);
  EXPECT_EQ(comparison.verdict, Verdict::faster);
  EXPECT_NEAR(comparison.ratio, 0.4, 0.001);
  EXPECT_EQ(verdict_in_words(comparison), "2.50× faster (2.48 to 2.52)");
}

TEST(Verdict, ShowsNoDifferenceOfACaseFromItself) {
  const BaselineComparison comparison = compare(times(10, 100), times(10, 100), kSeed);
  EXPECT_EQ(comparison.verdict, Verdict::no_difference_shown);
  EXPECT_TRUE(comparison.resolvable());
  EXPECT_EQ(verdict_in_words(comparison), "no difference shown");
}

TEST(Verdict, NeedsFourRunsOnEitherSide) {
  static_assert(limits::kRunsForVerdictMin == 4);
  EXPECT_EQ(compare(times(4, 100), times(4, 200), kSeed).verdict, Verdict::slower);
  for (const BaselineComparison& comparison :
       {compare(times(3, 100), times(10, 200), kSeed), compare(times(10, 100), times(3, 200), kSeed)}) {
    EXPECT_EQ(comparison.verdict, Verdict::too_few_runs);
    EXPECT_EQ(comparison.ratio, 0);
    EXPECT_EQ(comparison.p_adjusted, 1);
    EXPECT_EQ(comparison.more_runs_needed, 1U);
    EXPECT_EQ(verdict_in_words(comparison), "too few runs");
  }
}

TEST(Verdict, DoesNotCountTimesThatAreNone) {
  std::vector<double> baseline = times(4, 100);
  baseline.push_back(std::numeric_limits<double>::quiet_NaN());
  baseline.push_back(0);
  baseline.push_back(-5);
  const BaselineComparison comparison = compare(baseline, times(4, 200), kSeed);
  EXPECT_EQ(comparison.baseline_count, 4U);
  EXPECT_NEAR(comparison.ratio, 2, 0.01);
}

TEST(Verdict, OfNoRunsAtAllIsTooFewRunsAndAllFinite) {
  const BaselineComparison comparison = compare({}, {}, kSeed);
  EXPECT_EQ(comparison.verdict, Verdict::too_few_runs);
  EXPECT_EQ(comparison.more_runs_needed, 4U);
  EXPECT_TRUE(std::isfinite(comparison.ratio));
}

TEST(Verdict, IsNeverMadeOfADifferenceBelowThreePercentHoweverManyRuns) {
  const std::vector<double> baseline(200, 100.0);
  const BaselineComparison below = compare(baseline, std::vector<double>(200, 102.9), kSeed);
  EXPECT_LT(below.p_adjusted, 1e-6);
  EXPECT_EQ(below.verdict, Verdict::no_difference_shown);
  EXPECT_EQ(compare(baseline, std::vector<double>(200, 103.1), kSeed).verdict, Verdict::slower);
  EXPECT_EQ(compare(baseline, std::vector<double>(200, 97.2), kSeed).verdict, Verdict::no_difference_shown);
  EXPECT_EQ(compare(baseline, std::vector<double>(200, 97.0), kSeed).verdict, Verdict::faster);
}

TEST(Verdict, IsNotMadeWhereRanksDifferButTheIntervalOfTheMediansHoldsOne) {
  // A machine with two speeds: the other case is 5 % slower within each and met the slow one a little
  // oftener.
  std::vector<double> baseline = times(12, 100);
  for (const double time : times(8, 200)) baseline.push_back(time);
  std::vector<double> other = times(9, 105);
  for (const double time : times(11, 210)) other.push_back(time);
  const BaselineComparison comparison = compare(baseline, other, kSeed);
  EXPECT_LE(comparison.p_adjusted, 0.05);
  EXPECT_GT(comparison.ratio, kRatioShown);
  EXPECT_LE(comparison.ratio_interval.low, 1);
  EXPECT_EQ(comparison.verdict, Verdict::no_difference_shown);
}

TEST(Verdict, SaysHowManyMoreRunsAFamilyNeedsBeforeAnythingCanBeCalled) {
  const std::vector<std::vector<double>> others{times(4, 200), times(4, 300), times(4, 400)};
  const std::vector<BaselineComparison> family = compare_all(times(4, 100), others, kSeed);
  ASSERT_EQ(family.size(), 3U);
  for (const BaselineComparison& comparison : family) {
    EXPECT_EQ(comparison.verdict, Verdict::no_difference_shown);
    EXPECT_NEAR(comparison.p_adjusted, 6.0 / 70, 1e-12);
    EXPECT_FALSE(comparison.resolvable());
    EXPECT_EQ(verdict_in_words(comparison), "no difference shown (needs 1 more run)");
  }
}

TEST(Verdict, CanBeReachedOnceTheFamilyHasTheRunsItWasToldToNeed) {
  std::vector<std::vector<double>> others(30, times(4, 200));
  const size_t more = compare_all(times(4, 100), others, kSeed).front().more_runs_needed;
  EXPECT_EQ(more, 3U);  // 30 * 2 / C(14, 7) = 0.017; with one less 30 * 2 / C(12, 6) = 0.065
  EXPECT_EQ(verdict_in_words(compare_all(times(4, 100), others, kSeed).front()),
            "no difference shown (needs 3 more runs)");
  others.assign(30, times(4 + more, 200));
  for (const BaselineComparison& comparison : compare_all(times(4 + more, 100), others, kSeed)) {
    EXPECT_EQ(comparison.verdict, Verdict::slower);
    EXPECT_TRUE(comparison.resolvable());
  }
}

TEST(Verdict, IsNotMadeHarderByCasesWithTooFewRuns) {
  const std::vector<std::vector<double>> others{times(4, 200), times(3, 200), {}};
  const std::vector<BaselineComparison> family = compare_all(times(4, 100), others, kSeed);
  ASSERT_EQ(family.size(), 3U);
  EXPECT_EQ(family[0].verdict, Verdict::slower);
  EXPECT_EQ(family[0].p_adjusted, family[0].p_value);
  EXPECT_EQ(family[1].verdict, Verdict::too_few_runs);
  EXPECT_EQ(family[2].verdict, Verdict::too_few_runs);
}

TEST(Verdict, AdjustsEachCaseForTheOthersComparedWithTheSameBaseline) {
  const std::vector<std::vector<double>> others{times(10, 100), times(10, 200), times(10, 100.1)};
  const std::vector<BaselineComparison> family = compare_all(times(10, 100), others, kSeed);
  EXPECT_DOUBLE_EQ(family[1].p_adjusted, 3 * family[1].p_value);
  EXPECT_EQ(family[1].verdict, Verdict::slower);
  EXPECT_EQ(family[0].verdict, Verdict::no_difference_shown);
}

TEST(Verdict, IsTheSameForTheSameSeed) {
  const std::vector<double> noise = read_noise("cold");
  const std::span<const double> all(noise);
  const BaselineComparison once = compare(all.first(20), all.last(20), kSeed);
  const BaselineComparison again = compare(all.first(20), all.last(20), kSeed);
  EXPECT_EQ(once.ratio_interval.low, again.ratio_interval.low);
  EXPECT_EQ(once.ratio_interval.high, again.ratio_interval.high);
}

TEST(Verdict, SpeaksInFewerFiguresOfGreaterRatios) {
  EXPECT_EQ(verdict_in_words(compare(times(10, 1), times(10, 25), kSeed)), "25.0× slower (24.8 to 25.2)");
  EXPECT_EQ(verdict_in_words(compare(times(10, 1), times(10, 400), kSeed)), "400× slower (397 to 403)");
}

TEST(VerdictOfPairs, IsThatOfAFamilyWithOneBaselineWhereAllPairsHaveIt) {
  const std::vector<std::vector<double>> others = {times(6, 150), times(6, 101), times(3, 100), times(6, 60)};
  std::vector<ComparedRuns> pairs;
  for (const std::vector<double>& other : others) pairs.push_back({times(6, 100), other});
  const auto of_all = compare_all(times(6, 100), others, kSeed);
  const auto of_pairs = compare_pairs(pairs, kSeed);
  ASSERT_EQ(of_pairs.size(), of_all.size());
  for (size_t i = 0; i < of_all.size(); ++i) {
    EXPECT_EQ(verdict_in_words(of_pairs[i]), verdict_in_words(of_all[i])) << i;
    EXPECT_EQ(of_pairs[i].p_adjusted, of_all[i].p_adjusted) << i;
  }
}

TEST(VerdictOfPairs, HoldsEachPairAgainstItsOwnBaseline) {
  const auto comparisons = compare_pairs(
      std::vector<ComparedRuns>{{times(6, 100), times(6, 200)}, {times(6, 1000), times(6, 200)}}, kSeed);
  EXPECT_EQ(comparisons[0].verdict, Verdict::slower);
  EXPECT_EQ(comparisons[1].verdict, Verdict::faster);
}

}  // namespace
}  // namespace coldload
