#include "core/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coldload {
namespace {

using testing::ElementsAre;

TEST(Columns, AreCodePointsNotBytes) {
  EXPECT_EQ(columns_of("1.32× slower"), 12U);
  EXPECT_EQ(columns_of("12 µs – …"), 9U);
}

TEST(Columns, OfWideCharactersAreTwoAndOfCombiningOnesNone) {
  EXPECT_EQ(columns_of("模型"), 4U);
  EXPECT_EQ(columns_of("e\u0301"), 1U);
}

TEST(Columns, OfBytesThatAreNoUtf8AreOneEach) {
  EXPECT_EQ(columns_of("a\xff\xc3"), 3U);
}

TEST(Shortened, CutsBetweenCodePointsAndMarksIt) {
  EXPECT_EQ(shortened("×××××", 3), "××…");
  EXPECT_EQ(shortened("×××", 3), "×××");
  EXPECT_EQ(shortened("模型模型", 4), "模…");
  EXPECT_EQ(shortened("abc", 0), "");
}

TEST(Printable, TurnsControlCharactersAndLineEndsIntoOneBlank) {
  EXPECT_EQ(printable("a\r\n\tb"), "a b");
  EXPECT_EQ(printable("\x1b]0;title\x07 end\n"), "]0;title end");
  EXPECT_EQ(printable("a\u202eb"), "a b");
  EXPECT_EQ(printable("\xff"), "\uFFFD");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "31m");
}

TEST(Wrapped, BreaksAtBlanksAndNeverInsideAWord) {
  EXPECT_THAT(wrapped("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("a /very/long/path b", 5), ElementsAre("a", "/very/long/path", "b"));
  EXPECT_THAT(wrapped("", 5), ElementsAre(""));
  EXPECT_THAT(wrapped("×× ××", 5), ElementsAre("×× ××"));
}

}  // namespace
}  // namespace coldload
