#include "core/base/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace coldload {
namespace {

TEST(Text, CountsColumnsNotBytes) {
  EXPECT_EQ(columns_of(""), 0U);
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("µs €"), 4U);
  EXPECT_EQ(columns_of("模型"), 4U);
  EXPECT_EQ(columns_of("🚀"), 2U);
  EXPECT_EQ(columns_of("e\xCC\x81"), 1U);  // a combining accent takes none
  EXPECT_EQ(columns_of("\xff\xfe"), 2U);
}

TEST(Text, CutsAtAColumnAndNeverWithinACodePoint) {
  EXPECT_EQ(beginning("abc", 2), "ab");
  EXPECT_EQ(beginning("模型", 3), "模");
  EXPECT_EQ(beginning("模型", 1), "");
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "ab…");
  EXPECT_EQ(shortened("abcd", 0), "");
}

TEST(Text, LetsNoEscapeSequenceThrough) {
  EXPECT_EQ(printable("a\x1b[31mred\x1b[0m\r\n\tb"), "a [31mred [0m b");
  EXPECT_EQ(printable("\n  a  \n"), "a");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "b"),
            "a b");  // CSI in one byte
  EXPECT_EQ(printable("a\xE2\x80\xAE"
                      "b"),
            "a b");  // right-to-left override
  EXPECT_EQ(printable("a\xE2\x81\xA6"
                      "b"),
            "a b");  // left-to-right isolate
  EXPECT_EQ(printable("a\xff"
                      "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a b");
}

TEST(Text, QuotesAtMost80BytesOfAName) {
  EXPECT_EQ(in_quotes("lake"), "\"lake\"");
  EXPECT_EQ(in_quotes(std::string(80, 'x')), "\"" + std::string(80, 'x') + "\"");
  EXPECT_EQ(in_quotes(std::string(81, 'x')), "\"" + std::string(80, 'x') + "…\"");
  // A code point that the cut would halve is left out.
  EXPECT_EQ(in_quotes(std::string(79, 'x') + "µm"), "\"" + std::string(79, 'x') + "…\"");
  EXPECT_EQ(in_quotes(std::string(78, 'x') + "µm"), "\"" + std::string(78, 'x') + "µ…\"");
}

TEST(Text, WrapsAtBlanksAndLeavesALongWordWhole) {
  EXPECT_EQ(wrapped("", 5), (std::vector<std::string>{""}));
  EXPECT_EQ(wrapped("aa bb cc", 5), (std::vector<std::string>{"aa bb", "cc"}));
  EXPECT_EQ(wrapped("aa /a/long/path b", 5), (std::vector<std::string>{"aa", "/a/long/path", "b"}));
}

TEST(Text, CountsOneAndMany) {
  EXPECT_EQ(counted(0, "file"), "0 files");
  EXPECT_EQ(counted(1, "file"), "1 file");
  EXPECT_EQ(counted(2, "file"), "2 files");
  EXPECT_EQ(counted(1, "strategy", "strategies"), "1 strategy");
  EXPECT_EQ(counted(3, "strategy", "strategies"), "3 strategies");
}

}  // namespace
}  // namespace coldload
