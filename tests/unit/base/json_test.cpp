#include "core/base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace coldload {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string complaint(std::string_view text) {
  const auto document = json::parse(text, "x.json");
  return document ? "(accepted)" : document.error().message;
}

TEST(Json, NamesTheInputAndTheByteWhereItIsWrong) {
  EXPECT_THAT(complaint("{\"a\": }"), StartsWith("x.json: byte 6: "));
  EXPECT_THAT(complaint(""), StartsWith("x.json: byte 0: "));
  EXPECT_THAT(complaint("{\"a\":1"), HasSubstr("incomplete"));
  EXPECT_EQ(complaint("{} {}"), "x.json: byte 3: text after the document");
  EXPECT_EQ(complaint("{} \n"), "(accepted)");
  EXPECT_THAT(complaint("\"\xff\""), StartsWith("x.json: byte 1: "));
  EXPECT_THAT(complaint("[NaN]"), StartsWith("x.json: byte 1: "));
}

TEST(Json, RefusesDeeperNestingThan64) {
  EXPECT_EQ(complaint(std::string(64, '[') + std::string(64, ']')), "(accepted)");
  EXPECT_THAT(complaint(std::string(65, '[') + std::string(65, ']')), HasSubstr("too deep"));
  EXPECT_THAT(complaint(std::string(1'000'000, '[')), HasSubstr("too deep"));
}

// Readers that must not be deceived by duplicates refuse them themselves.
TEST(Json, TakesTheLastOfDuplicateKeys) {
  const auto document = json::parse(R"({"a":1,"b":2,"a":3})", "x.json");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->as_object().size(), 2U);
  EXPECT_EQ(json::unsigned_or(document->as_object(), "a"), 3U);
}

TEST(Json, KeepsTheOrderOfKeysAndEveryWholeNumberOf64Bits) {
  const std::string text =
      R"({"z":18446744073709551615,"a":-9223372036854775808,"m":9007199254740993,"empty":[],"none":{}})";
  const auto document = json::parse(text, "x.json");
  ASSERT_TRUE(document);
  EXPECT_EQ(json::dump(*document), text);
}

TEST(Json, IndentsByTwoAndLeavesEmptyOnesOnTheirLine) {
  const auto document = json::parse(R"({"b":[1,{"c":"x"}],"a":{},"d":[]})", "x.json");
  ASSERT_TRUE(document);
  const std::string pretty = json::dump_pretty(*document);
  EXPECT_EQ(pretty,
            "{\n  \"b\": [\n    1,\n    {\n      \"c\": \"x\"\n    }\n  ],\n  \"a\": {},\n  \"d\": []\n}\n");
  const auto again = json::parse(pretty, "x.json");
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *document);
}

TEST(Json, HasNullWhereANumberIsNone) {
  EXPECT_TRUE(json::number(std::nan("")).is_null());
  EXPECT_TRUE(json::number(std::numeric_limits<double>::infinity()).is_null());
  EXPECT_EQ(json::number(0.25).as_double(), 0.25);
}

TEST(Json, ReplacesEachByteThatIsNoUtf8AndKeepsTheRest) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(json::utf8("plain µ € 😀"), "plain µ € 😀");
  EXPECT_EQ(json::utf8(std::string("a\xff") + "b"), "a" + bad + "b");
  EXPECT_EQ(json::utf8("\xC3"), bad);                                // cut off
  EXPECT_EQ(json::utf8("\xE2\x82"), bad + bad);                      // cut off
  EXPECT_EQ(json::utf8("\xC0\xAF"), bad + bad);                      // overlong '/'
  EXPECT_EQ(json::utf8("\xE0\x80\x80"), bad + bad + bad);            // overlong
  EXPECT_EQ(json::utf8("\xED\xA0\x80"), bad + bad + bad);            // surrogate
  EXPECT_EQ(json::utf8("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // past U+10FFFF
  EXPECT_EQ(json::utf8("\xF4\x8F\xBF\xBF"), "\xF4\x8F\xBF\xBF");     // U+10FFFF
  EXPECT_EQ(json::utf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(Json, GivesTheDefaultWhereAMemberIsAbsentOrOfAnotherType) {
  const auto document = json::parse(
      R"({"text":"x","whole":7,"minus":-7,"real":1.5,"flag":true,"list":[1],"map":{"a":1}})", "x");
  ASSERT_TRUE(document);
  const json::object& from = document->as_object();
  EXPECT_EQ(json::text_or(from, "text"), "x");
  EXPECT_EQ(json::text_or(from, "whole", "default"), "default");
  EXPECT_EQ(json::unsigned_or(from, "whole"), 7U);
  EXPECT_EQ(json::unsigned_or(from, "minus", 9), 9U);
  EXPECT_EQ(json::unsigned_or(from, "real", 9), 9U);
  EXPECT_EQ(json::integer_or(from, "minus"), -7);
  EXPECT_EQ(json::integer_or(from, "absent", 4), 4);
  EXPECT_EQ(json::number_or(from, "whole"), 7.0);
  EXPECT_TRUE(json::bool_or(from, "flag"));
  EXPECT_TRUE(json::bool_or(from, "whole", true));
  EXPECT_NE(json::array_at(from, "list"), nullptr);
  EXPECT_EQ(json::array_at(from, "map"), nullptr);
  EXPECT_NE(json::object_at(from, "map"), nullptr);
  EXPECT_EQ(json::object_at(from, "list"), nullptr);
}

}  // namespace
}  // namespace coldload
