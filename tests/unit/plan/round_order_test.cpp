#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "support.hpp"

namespace coldload {
namespace {

Plan plan_with(size_t cases, uint64_t seed) {
  Plan plan;
  plan.cases.resize(cases);
  plan.scenario.run.seed = seed;
  return plan;
}

TEST(RoundOrder, HasEveryCaseOnceInEveryRound) {
  for (const size_t count : {0U, 1U, 2U, 3U, 7U, 12U}) {
    const Plan plan = plan_with(count, 1);
    for (uint32_t round = 0; round < 30; ++round) {
      std::vector<size_t> order = round_order(plan, round);
      std::ranges::sort(order);
      std::vector<size_t> expected(count);
      std::iota(expected.begin(), expected.end(), size_t{0});
      EXPECT_EQ(order, expected) << count << " cases, round " << round;
    }
  }
}

TEST(RoundOrder, IsAFunctionOfTheSeed) {
  EXPECT_EQ(round_order(plan_with(9, 5), 3), round_order(plan_with(9, 5), 3));
  std::set<std::vector<size_t>> orders;
  for (uint64_t seed = 0; seed < 20; ++seed) orders.insert(round_order(plan_with(9, seed), 0));
  EXPECT_GT(orders.size(), 15U);
}

// A recorded seed must mean the same order with every compiler and library.
TEST(RoundOrder, OfASeedIsTheSameForEver) {
  EXPECT_EQ(round_order(plan_with(5, 1), 0), (std::vector<size_t>{2, 1, 0, 4, 3}));
  EXPECT_EQ(round_order(plan_with(5, 1), 1), (std::vector<size_t>{0, 3, 2, 4, 1}));
}

// How often each case runs directly after each other one.
std::map<std::pair<size_t, size_t>, int> followers(size_t count, uint32_t rounds) {
  const Plan plan = plan_with(count, 42);
  std::map<std::pair<size_t, size_t>, int> pairs;
  for (uint32_t round = 0; round < rounds; ++round) {
    const std::vector<size_t> order = round_order(plan, round);
    for (size_t i = 1; i < order.size(); ++i) ++pairs[{order[i - 1], order[i]}];
  }
  return pairs;
}

TEST(RoundOrder, LetsEachCaseFollowEachOtherEquallyOften) {
  for (const size_t count : {2U, 4U, 10U}) {
    const auto pairs = followers(count, static_cast<uint32_t>(count));
    EXPECT_EQ(pairs.size(), count * (count - 1));
    for (const auto& [pair, times] : pairs) EXPECT_EQ(times, 1);
  }
  for (const size_t count : {3U, 5U, 11U}) {
    const auto pairs = followers(count, static_cast<uint32_t>(2 * count));
    EXPECT_EQ(pairs.size(), count * (count - 1));
    for (const auto& [pair, times] : pairs) EXPECT_EQ(times, 2);
  }
}

TEST(RoundOrder, LetsNoCaseAlwaysFollowTheSameInFewRounds) {
  for (const size_t count : {3U, 4U, 5U, 8U, 11U}) {
    for (const auto& [pair, times] : followers(count, 5)) {
      EXPECT_LE(times, 3) << count << " cases: " << pair.second << " after " << pair.first;
    }
  }
}

}  // namespace
}  // namespace coldload
