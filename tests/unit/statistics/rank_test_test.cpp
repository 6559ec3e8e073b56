#include "core/statistics/rank_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

std::vector<double> parse_line(std::istream& file) {
  std::string line;
  std::getline(file, line);
  std::istringstream text(line);
  std::vector<double> values;
  for (double value = 0; text >> value;) values.push_back(value);
  return values;
}

// `count` values from `first` on.
std::vector<double> ascending(size_t count, double first) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST(MannWhitney, AgreesWithScipyOnTwoHundredSamplesWithAndWithoutTies) {
  std::ifstream file(COLDLOAD_SOURCE_DIR "/tests/unit/statistics/mannwhitney_scipy.txt");
  std::string line;
  ASSERT_TRUE(std::getline(file, line) && line.starts_with("# SciPy"));
  size_t compared = 0;
  while (std::getline(file, line)) {
    const size_t blank = line.find(' ');
    const double expected = std::stod(line.substr(blank));
    const std::vector<double> first = parse_line(file);
    const std::vector<double> second = parse_line(file);
    const RankTest test = mann_whitney(first, second);
    EXPECT_EQ(test.exact, line.starts_with("exact")) << "sample " << compared;
    EXPECT_NEAR(test.p_value, expected, 1e-9) << "sample " << compared;
    ++compared;
  }
  EXPECT_EQ(compared, 200U);
}

TEST(MannWhitney, CountsThePairsInWhichTheSecondIsGreaterAndTiesHalf) {
  EXPECT_EQ(mann_whitney(std::array{1.0, 4.0}, std::array{2.0, 4.0, 5.0}).u, 2 + 1.5 + 1);
}

TEST(MannWhitney, GivesTheSamePWhicheverSampleComesFirst) {
  const std::array first{3.0, 3.0, 8.0, 1.0, 9.0, 9.0};
  const std::array second{2.0, 9.0, 9.0, 7.0};
  EXPECT_DOUBLE_EQ(mann_whitney(first, second).p_value, mann_whitney(second, first).p_value);
}

TEST(MannWhitney, CannotTellAnEmptySampleOrEqualValuesApart) {
  EXPECT_EQ(mann_whitney({}, std::array{1.0}).p_value, 1);
  EXPECT_EQ(mann_whitney(std::array{1.0}, {}).p_value, 1);
  EXPECT_EQ(mann_whitney(std::vector<double>(5, 2.0), std::vector<double>(5, 2.0)).p_value, 1);
  EXPECT_EQ(mann_whitney(std::vector<double>(50, 2.0), std::vector<double>(50, 2.0)).p_value, 1);
}

TEST(MannWhitney, IsExactUpToItsLimitAndApproximateOnePast) {
  static_assert(limits::kRankTestExactPairsMax == 1024);
  EXPECT_TRUE(mann_whitney(ascending(32, 0), ascending(32, 0.5)).exact);
  EXPECT_TRUE(mann_whitney(ascending(1, 0), ascending(1024, 0.5)).exact);
  EXPECT_FALSE(mann_whitney(ascending(1, 0), ascending(1025, 0.5)).exact);
}

TEST(MannWhitney, ChangesLittleWhereExactTurnsIntoApproximate) {
  const double exact = mann_whitney(ascending(32, 0), ascending(32, 4.5)).p_value;
  const double approximate = mann_whitney(ascending(32, 0), ascending(33, 4.5)).p_value;
  EXPECT_NEAR(exact, approximate, 0.03);
  EXPECT_GT(exact, 0.01);
}

TEST(SmallestPValue, IsTheExactPOfSamplesWhollyApart) {
  EXPECT_NEAR(smallest_p_value(4, 4), 2.0 / 70, 1e-15);
  EXPECT_EQ(smallest_p_value(1, 1), 1);
  EXPECT_EQ(smallest_p_value(0, 5), 1);
  for (const size_t count : {2U, 3U, 5U, 9U, 20U}) {
    const double p = mann_whitney(ascending(4, 0), ascending(count, 100)).p_value;
    EXPECT_NEAR(smallest_p_value(4, count), p, 1e-12) << count;
  }
}

TEST(Holm, AdjustsInTheOrderGivenAndNeverBelowASmallerP) {
  EXPECT_THAT(holm(std::array{0.01, 0.04, 0.03, 0.005}),
              testing::ElementsAre(testing::DoubleEq(0.03), testing::DoubleEq(0.06), testing::DoubleEq(0.06),
                                   testing::DoubleEq(0.02)));
}

TEST(Holm, LeavesOneAloneAndStopsAtOne) {
  EXPECT_THAT(holm(std::array{0.04}), testing::ElementsAre(0.04));
  EXPECT_THAT(holm(std::array{0.7, 0.9}), testing::ElementsAre(1.0, 1.0));
  EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace coldload
