#include "plugins/cuda/timeline.hpp"

#include <gtest/gtest.h>

namespace coldload::cuda {
namespace {

TEST(Timeline, UnitesWhatOverlapsOrTouches_AndDropsWhatIsEmpty) {
  const Intervals all = united({{10, 20}, {0, 5}, {15, 30}, {5, 7}, {40, 40}});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].begin_ns, 0U);
  EXPECT_EQ(all[0].end_ns, 7U);
  EXPECT_EQ(all[1].begin_ns, 10U);
  EXPECT_EQ(all[1].end_ns, 30U);
  EXPECT_EQ(total_ns(all), 27U);
}

TEST(Timeline, CountsWhatTwoHaveInCommon) {
  const Intervals copying = {{0, 10}, {20, 30}, {40, 50}};
  EXPECT_EQ(common_ns(copying, {{5, 25}, {45, 100}}), 15U);
  EXPECT_EQ(common_ns(copying, {{10, 20}}), 0U);
  EXPECT_EQ(common_ns(copying, {{0, 100}}), 30U);
  EXPECT_EQ(common_ns(copying, {}), 0U);
}

}  // namespace
}  // namespace coldload::cuda
