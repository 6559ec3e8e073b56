#include <gtest/gtest.h>

#include "core/scenario/scenario.hpp"

namespace coldload {
namespace {

TEST(Glob, StarMatchesSlashesToo) {
  EXPECT_TRUE(glob_matches("nvme/parallel*", "nvme/parallel,threads=4/stream/cold"));
  EXPECT_TRUE(glob_matches("*/cold", "nvme/mmap/stream/cold"));
  EXPECT_TRUE(glob_matches("*", ""));
}

TEST(Glob, WithoutAStarIsTheWholeId) {
  EXPECT_TRUE(glob_matches("nvme/mmap", "nvme/mmap"));
  EXPECT_FALSE(glob_matches("nvme", "nvme/mmap"));
  EXPECT_FALSE(glob_matches("nvme/mmap", "nvme"));
  EXPECT_FALSE(glob_matches("", "nvme"));
}

TEST(Glob, QuestionMarkIsExactlyOneCharacter) {
  EXPECT_TRUE(glob_matches("n?me/*", "nvme/mmap"));
  EXPECT_FALSE(glob_matches("nvme?", "nvme"));
}

TEST(Glob, TriesEveryPlaceAStarCouldEnd) {
  EXPECT_TRUE(glob_matches("*a*b", "aXbYaZb"));
  EXPECT_FALSE(glob_matches("*a*b", "aXbYaZ"));
}

TEST(Glob, ManyStarsEndAtOnce) {
  const std::string text(50'000, 'a');
  std::string glob;
  for (int i = 0; i < 100; ++i) glob += "*a";
  EXPECT_FALSE(glob_matches(glob + "b", text));
}

TEST(CacheState, NamesAndStatesAreEachOthersInverse) {
  for (const std::string& name : cache_state_names()) {
    const auto state = cache_state_from(name);
    ASSERT_TRUE(state.has_value()) << name;
    EXPECT_EQ(to_string(*state), name);
  }
  EXPECT_EQ(cache_state_from("Cold"), std::nullopt);
}

}  // namespace
}  // namespace coldload
