// What the verdicts are for: they must not be made of a machine's noise, and must see what is there.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/statistics/rank_test.hpp"
#include "core/statistics/summary.hpp"
#include "core/statistics/verdict.hpp"
#include "noise.hpp"

namespace coldload {
namespace {

constexpr size_t kResamplings = 1000;
constexpr double kFalseShareMax = 0.07;

bool is_called(const BaselineComparison& comparison) {
  return comparison.verdict == Verdict::faster || comparison.verdict == Verdict::slower;
}

struct Noise {
  std::string name;
  size_t runs;
};

std::string name_of(const testing::TestParamInfo<Noise>& info) {
  return info.param.name + std::to_string(info.param.runs);
}

class RecordedNoise : public testing::TestWithParam<Noise> {};

INSTANTIATE_TEST_SUITE_P(FalseVerdicts, RecordedNoise,
                         testing::Values(Noise{"cold", 4}, Noise{"cold", 6}, Noise{"cold", 10},
                                         Noise{"cold", 20}, Noise{"warm", 6}, Noise{"warm", 10},
                                         Noise{"memset", 10}),
                         name_of);

TEST_P(RecordedNoise, IsNotTakenForADifference_DrawnIndependently) {
  const std::vector<double> noise = read_noise(GetParam().name);
  ASSERT_GE(noise.size(), 300U);
  Random random(1);
  size_t called = 0;
  for (size_t i = 0; i < kResamplings; ++i) {
    const TwoCases cases = draw_independently(noise, GetParam().runs, random);
    if (is_called(compare(cases.first, cases.second, i))) ++called;
  }
  EXPECT_LE(share_upper_bound(called, kResamplings), kFalseShareMax) << called << " of " << kResamplings;
}

size_t count_called_in_rounds(const Noise& parameters, Order order) {
  const std::vector<double> noise = read_noise(parameters.name);
  Random random(2);
  size_t called = 0;
  for (size_t i = 0; i < kResamplings; ++i) {
    const TwoCases cases = deal_rounds(random_window(noise, parameters.runs, random), order, random);
    if (is_called(compare(cases.first, cases.second, i))) ++called;
  }
  return called;
}

TEST_P(RecordedNoise, IsNotTakenForADifference_InterleavedAsRecorded) {
  const size_t called = count_called_in_rounds(GetParam(), Order::fixed);
  EXPECT_LE(share_upper_bound(called, kResamplings), kFalseShareMax) << called << " of " << kResamplings;
}

TEST_P(RecordedNoise, IsNotTakenForADifference_EveryOtherRoundReversed) {
  const size_t called = count_called_in_rounds(GetParam(), Order::mirrored);
  EXPECT_LE(share_upper_bound(called, kResamplings), kFalseShareMax) << called << " of " << kResamplings;
}

TEST_P(RecordedNoise, IsNotTakenForADifference_EachRoundShuffled) {
  const size_t called = count_called_in_rounds(GetParam(), Order::random);
  EXPECT_LE(share_upper_bound(called, kResamplings), kFalseShareMax) << called << " of " << kResamplings;
}

TEST(RecordedNoise, IsNotTakenForADifferenceAnywhereInAFamilyOfFive) {
  const std::vector<double> noise = read_noise("cold");
  Random random(3);
  size_t families = 0;
  for (size_t i = 0; i < kResamplings; ++i) {
    std::vector<std::vector<double>> others(5);
    for (std::vector<double>& other : others) other = draw_independently(noise, 10, random).first;
    const std::vector<double> baseline = draw_independently(noise, 10, random).first;
    bool any = false;
    for (const BaselineComparison& comparison : compare_all(baseline, others, i))
      any = any || is_called(comparison);
    if (any) ++families;
  }
  EXPECT_LE(share_upper_bound(families, kResamplings), kFalseShareMax) << families << " of " << kResamplings;
}

// Why kRatioShown exists, and why rounds are better not all in the same order: the recorded cold reads
// alternate, and a rank test alone takes that for a difference. Should this fail after recording anew, the
// machine no longer shows what the constant guards against, and the comments there want a look.
TEST(RecordedNoise, OfColdReadsFoolsARankTestAloneWhenEveryRoundHasTheSameOrder) {
  const std::vector<double> noise = read_noise("cold");
  Random random(4);
  size_t significant = 0;
  for (size_t i = 0; i < kResamplings; ++i) {
    const TwoCases cases = deal_rounds(random_window(noise, 10, random), Order::fixed, random);
    if (mann_whitney(cases.first, cases.second).p_value <= 0.05) ++significant;
  }
  EXPECT_GT(significant, kResamplings / 5);
}

// Warm reads: within two minutes their noise is about 3 %, so that 10 % can be seen at all.
TEST(Power, TenPercentSlowerIsCalledSlowerInNineOfTenRepeatsOfTwentyRounds) {
  const std::vector<double> noise = read_noise("warm");
  ASSERT_EQ(noise.size(), 400U);
  Random random(5);
  size_t slower = 0;
  for (size_t repeat = 0; repeat < 10; ++repeat) {
    TwoCases cases = deal_rounds(std::span(noise).subspan(40 * repeat, 40), Order::fixed, random);
    for (double& time : cases.second) time *= 1.10;
    if (compare(cases.first, cases.second, repeat).verdict == Verdict::slower) ++slower;
  }
  EXPECT_GE(slower, 9U);
}

TEST(Power, PairedRatiosSeeTenPercentThroughDriftThatHidesItFromMedians) {
  const std::vector<double> noise = read_noise("memset");
  Random random(6);
  size_t seen = 0;
  for (size_t repeat = 0; repeat < 10; ++repeat) {
    const TwoCases cases = deal_rounds(std::span(noise).subspan(40 * repeat, 40), Order::fixed, random);
    std::vector<Pair> pairs(cases.first.size());
    for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {cases.first[i], cases.second[i] * 1.10};
    if (paired_ratio_interval(pairs, repeat).interval.low > 1) ++seen;
  }
  EXPECT_GE(seen, 9U);
}

TEST(ShareUpperBound, IsClopperAndPearsons) {
  EXPECT_NEAR(share_upper_bound(0, 1000), 1 - std::pow(0.05, 1e-3), 1e-9);
  EXPECT_NEAR(share_upper_bound(50, 1000), 0.06295, 0.0005);
  EXPECT_GT(share_upper_bound(58, 1000), kFalseShareMax);
}

}  // namespace
}  // namespace coldload
