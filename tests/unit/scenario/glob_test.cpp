#include "core/scenario/glob.hpp"

#include <gtest/gtest.h>

#include "core/base/nearest.hpp"
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

using Captures = std::vector<std::string>;

TEST(GlobCaptures, AreWhatEachStarStandsFor) {
  EXPECT_EQ(glob_captures("local/*/cold", "local/mmap/stream/cold"), Captures{"mmap/stream"});
  EXPECT_EQ(glob_captures("*/parallel*/cold", "nvme/parallel,threads=4/stream/cold"),
            (Captures{"nvme", ",threads=4/stream"}));
  EXPECT_EQ(glob_captures("n?me/*", "nvme/mmap"), Captures{"mmap"});
  EXPECT_EQ(glob_captures("**", "ab"), (Captures{"", "ab"}));
  EXPECT_EQ(glob_captures("nvme", "nvme"), Captures{});
}

TEST(GlobCaptures, AreThereWhereTheGlobMatches) {
  for (const char* glob : {"*a*b", "*", "a*", "*b", "a?*", "aXbYaZb", "a", "", "*a*b*c", "**b", "?*?*?"}) {
    for (const char* text : {"aXbYaZb", "aXbYaZ", "", "a", "ab", "abc", "b"}) {
      EXPECT_EQ(glob_captures(glob, text).has_value(), glob_matches(glob, text)) << glob << " on " << text;
    }
  }
}

TEST(CacheState, NamesAndStatesAreEachOthersInverse) {
  for (const std::string& name : cache_state_names()) {
    const auto state = cache_state_from(name);
    ASSERT_TRUE(state.has_value()) << name;
    EXPECT_EQ(to_string(*state), name);
  }
  EXPECT_EQ(cache_state_from("Cold"), std::nullopt);
}

size_t glob_distance(std::string_view glob, std::string_view text) {
  return edit_distance(glob, text, Wildcards::in_first);
}

TEST(GlobDistance, CountsWhatHasToChangeUntilItMatches) {
  EXPECT_EQ(glob_distance("nvme/*/cold", "nvme/mmap/stream/cold"), 0U);
  EXPECT_EQ(glob_distance("nmve/*/cold", "nvme/mmap/stream/cold"), 1U);
  EXPECT_EQ(glob_distance("nvm/*", "nvme/mmap"), 1U);
  EXPECT_EQ(glob_distance("n?me/mmapp", "nvme/mmap"), 1U);
  EXPECT_EQ(glob_distance("*", ""), 0U);
  EXPECT_EQ(glob_distance("", "abc"), 3U);
  EXPECT_EQ(glob_distance("abc", ""), 3U);
}

TEST(GlobDistance, IsNoughtExactlyWhereTheGlobMatches) {
  const std::vector<std::string> texts = {"", "a", "ab", "ba", "aab", "abab"};
  for (const char* glob : {"", "*", "a*", "*b", "a?", "*a*b", "?", "**", "ab"}) {
    for (const std::string& text : texts) {
      EXPECT_EQ(glob_distance(glob, text) == 0, glob_matches(glob, text)) << glob << " " << text;
    }
  }
}

TEST(NearestToGlob, IsNothingBeyondAThirdOfWhatIsWritten) {
  const std::vector<std::string> ids = {"nvme/mmap/cold", "lake/mmap/cold"};
  EXPECT_EQ(nearest_to_glob("lkae/*", ids), "lake/mmap/cold");
  EXPECT_EQ(nearest_to_glob("uring/*", ids), std::nullopt);
  EXPECT_EQ(nearest_to_glob(std::string(256, 'x'), ids), std::nullopt);
  EXPECT_EQ(nearest_to_glob(std::string(257, '*'), ids), std::nullopt);
  EXPECT_EQ(nearest_to_glob(std::string(256, '*'), ids), "nvme/mmap/cold");
}

}  // namespace
}  // namespace coldload
