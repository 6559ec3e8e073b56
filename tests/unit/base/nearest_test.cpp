#include "core/base/nearest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace coldload {
namespace {

const std::vector<std::string> kKnown = {"part_size", "threads", "depth"};

TEST(Nearest, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("abc", "abd"), 1U);
  EXPECT_EQ(edit_distance("abc", "abcd"), 1U);
  EXPECT_EQ(edit_distance("abc", "acb"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, NamesTheNearestWithinAThirdOfItsLength) {
  EXPECT_EQ(nearest_name("part_sise", kKnown), "part_size");
  EXPECT_EQ(nearest_name("trheads", kKnown), "threads");
  // Nine letters allow three mistakes and no fourth.
  EXPECT_EQ(nearest_name("xxxt_size", kKnown), "part_size");
  EXPECT_EQ(nearest_name("xxxx_size", kKnown), std::nullopt);
  const std::vector<std::string> shortest = {"a"};
  EXPECT_EQ(nearest_name("b", shortest), "a");
}

TEST(Nearest, LooksAtNoNameLongerThan256Bytes) {
  const std::vector<std::string> known = {std::string(256, 'a'), std::string(257, 'a')};
  EXPECT_TRUE(nearest_name(std::string(256, 'a'), known));
  EXPECT_FALSE(nearest_name(std::string(257, 'a'), known));
}

TEST(Nearest, SuggestsTheNearestOrElseWhatIsKnown) {
  EXPECT_EQ(suggestion("dept", kKnown), "; did you mean \"depth\"?");
  EXPECT_EQ(suggestion("colour", kKnown), "; known are part_size, threads, depth");
  EXPECT_EQ(suggestion("depth", {}), "");
}

}  // namespace
}  // namespace coldload
