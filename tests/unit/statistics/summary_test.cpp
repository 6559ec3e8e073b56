#include "core/statistics/summary.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

namespace coldload {
namespace {

constexpr uint64_t kSeed = 7;

TEST(Random, GivesTheSameNumbersEverywhere) {
  Random random(5489);
  // The first output of mt19937_64 with this seed is 14514284786278117030 (its reference implementation).
  EXPECT_EQ(random.below(1000), ((14514284786278117030U >> 32U) * 1000U) >> 32U);
}

TEST(Random, StaysBelowItsBoundAndReachesEveryNumber) {
  Random random(1);
  std::array<size_t, 7> seen{};
  for (int i = 0; i < 7000; ++i) ++seen.at(random.below(seen.size()));
  for (const size_t count : seen) EXPECT_NEAR(static_cast<double>(count), 1000, 150);
}

TEST(Quantile, InterpolatesBetweenNeighbours) {
  const std::vector<double> sorted{1, 2, 4, 8};
  EXPECT_DOUBLE_EQ(quantile(sorted, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.5), 3);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.75), 5);
  EXPECT_DOUBLE_EQ(quantile(sorted, 1), 8);
}

TEST(Quantile, OfNothingIsZero) {
  EXPECT_EQ(quantile({}, 0.5), 0);
}

TEST(Summary, TellsTheFiguresOfUnsortedSamples) {
  const std::vector<double> samples{9, 1, 5, 3, 7};
  const Summary summary = summarize(samples, kSeed);
  EXPECT_EQ(summary.count, 5U);
  EXPECT_DOUBLE_EQ(summary.median, 5);
  EXPECT_DOUBLE_EQ(summary.mean, 5);
  EXPECT_DOUBLE_EQ(summary.min, 1);
  EXPECT_DOUBLE_EQ(summary.max, 9);
  EXPECT_DOUBLE_EQ(summary.quartile_low, 3);
  EXPECT_DOUBLE_EQ(summary.quartile_high, 7);
  EXPECT_DOUBLE_EQ(summary.spread, 0.8);
  EXPECT_DOUBLE_EQ(summary.median_interval.low, 1);
  EXPECT_DOUBLE_EQ(summary.median_interval.high, 9);
}

TEST(Summary, OfOneSampleIsDegenerate) {
  const Summary summary = summarize(std::array{42.0}, kSeed);
  EXPECT_EQ(summary.count, 1U);
  EXPECT_EQ(summary.median, 42);
  EXPECT_EQ(summary.median_interval.low, 42);
  EXPECT_EQ(summary.median_interval.high, 42);
  EXPECT_EQ(summary.spread, 0);
}

TEST(Summary, OfNothingIsZeroEverywhere) {
  const Summary summary = summarize({}, kSeed);
  EXPECT_EQ(summary.count, 0U);
  EXPECT_EQ(summary.median, 0);
  EXPECT_EQ(summary.median_interval.high, 0);
}

TEST(Summary, LeavesOutWhatIsNotFinite) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  const Summary summary =
      summarize(std::array{1.0, kInfinite, 3.0, std::numeric_limits<double>::quiet_NaN()}, kSeed);
  EXPECT_EQ(summary.count, 2U);
  EXPECT_EQ(summary.median, 2);
  EXPECT_EQ(summary.max, 3);
}

TEST(Summary, HasNoSpreadAroundAMedianOfZero) {
  EXPECT_EQ(summarize(std::array{-1.0, 0.0, 1.0}, kSeed).spread, 0);
}

TEST(Summary, GivesTheSameIntervalForTheSameSeed) {
  std::vector<double> samples(21);
  Random random(3);
  for (double& sample : samples) sample = static_cast<double>(random.below(1000));
  const Interval once = summarize(samples, kSeed).median_interval;
  const Interval again = summarize(samples, kSeed).median_interval;
  EXPECT_EQ(once.low, again.low);
  EXPECT_EQ(once.high, again.high);
}

TEST(Summary, HasAnIntervalThatHoldsTheTrueMedianAboutNineteenTimesInTwenty) {
  Random random(11);
  int held = 0;
  for (int repeat = 0; repeat < 500; ++repeat) {
    std::vector<double> samples(15);
    for (double& sample : samples) sample = static_cast<double>(random.below(1'000'001));
    const Interval interval = summarize(samples, kSeed).median_interval;
    if (interval.low <= 500'000 && 500'000 <= interval.high) ++held;
  }
  EXPECT_GE(held, 460);
  EXPECT_LE(held, 490);
}

TEST(PairedRatio, IsUntouchedByDriftThatBothRunsOfAPairShare) {
  std::vector<Pair> pairs;
  for (int i = 0; i < 12; ++i) {
    const double drifting = 100.0 + 50.0 * i;
    pairs.push_back({drifting, drifting * 1.10});
  }
  const PairedRatio paired = paired_ratio_interval(pairs, kSeed);
  EXPECT_EQ(paired.count, 12U);
  EXPECT_NEAR(paired.ratio, 1.10, 1e-12);
  EXPECT_NEAR(paired.interval.low, 1.10, 1e-12);
  EXPECT_NEAR(paired.interval.high, 1.10, 1e-12);
}

TEST(PairedRatio, LeavesOutPairsWithoutTwoTimes) {
  const std::vector<Pair> pairs{
      {0, 1}, {1, 0}, {2, 3}, {std::numeric_limits<double>::quiet_NaN(), 1}, {-1, 2}};
  const PairedRatio paired = paired_ratio_interval(pairs, kSeed);
  EXPECT_EQ(paired.count, 1U);
  EXPECT_EQ(paired.ratio, 1.5);
  EXPECT_EQ(paired.interval.low, 1.5);
  EXPECT_EQ(paired.interval.high, 1.5);
}

TEST(PairedRatio, OfNoPairIsZero) {
  EXPECT_EQ(paired_ratio_interval({}, kSeed).count, 0U);
  EXPECT_EQ(paired_ratio_interval({}, kSeed).ratio, 0);
}

}  // namespace
}  // namespace coldload
