#include "core/scenario/toml_shape.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

std::string dotted(size_t parts) {
  std::string key = "a";
  for (size_t i = 1; i < parts; ++i) key += ".a";
  return key;
}

std::string repeated(std::string_view what, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += what;
  return out;
}

std::string refusal(const std::string& text) {
  const auto refused = check_toml_shape(text, "x.toml");
  return refused ? to_string(*refused) : "";
}

TEST(TomlShape, AcceptsAsManyDottedPartsAsTheLimit) {
  EXPECT_EQ(refusal(dotted(limits::kTomlKeyPartsMax) + " = 1"), "");
}

TEST(TomlShape, RefusesOneDottedPartMore_AndSaysWhere) {
  EXPECT_EQ(refusal("x = 1\n" + dotted(limits::kTomlKeyPartsMax + 1) + " = 1"),
            "x.toml:2:128: a key of more than 64 dotted parts");
}

TEST(TomlShape, CountsDotsInTableHeadersQuotedPartsAndAroundBlanks) {
  EXPECT_NE(refusal("[" + dotted(65) + "]"), "");
  EXPECT_NE(refusal("[[" + dotted(65) + "]]"), "");
  EXPECT_NE(refusal("a" + repeated(" . \"b.c\"", 64) + " = 1"), "");
  EXPECT_NE(refusal("{ " + dotted(65) + " = 1 }"), "");
}

TEST(TomlShape, RefusesTheKeyThatOverflowsTheParsersStack) {
  EXPECT_EQ(refusal(dotted(32'000) + " = 1"), "x.toml:1:128: a key of more than 64 dotted parts");
}

TEST(TomlShape, AcceptsNestingUpToTheLimit) {
  EXPECT_EQ(refusal("a = " + repeated("[", 64) + repeated("]", 64)), "");
}

TEST(TomlShape, RefusesDeeperArraysAndInlineTables) {
  EXPECT_EQ(refusal("a = " + repeated("[", 65)), "x.toml:1:69: arrays and tables nested more than 64 deep");
  EXPECT_NE(refusal("a = " + repeated("{a=", 65)), "");
  EXPECT_NE(refusal("a = " + repeated("[\n", 65)), "");
}

TEST(TomlShape, CountsThePartsOfKeysBetweenTablesAsDepth) {
  EXPECT_EQ(refusal("a = " + repeated("{a.a = ", 32)), "");
  EXPECT_NE(refusal("a = " + repeated("{a.a.a = ", 32)), "");
}

TEST(TomlShape, ClosedBracketsNestNothing) {
  EXPECT_EQ(refusal(repeated("a = [[1], [2]]\n", 500)), "");
  EXPECT_EQ(refusal(repeated("[[compare]]\n", 500)), "");
}

TEST(TomlShape, DotsAndBracketsInStringsAndCommentsAreText) {
  const std::string dots = repeated(".", 100);
  const std::string brackets = repeated("[", 100);
  EXPECT_EQ(refusal("a = \"" + dots + brackets + "\""), "");
  EXPECT_EQ(refusal("a = '" + dots + brackets + "'"), "");
  EXPECT_EQ(refusal("a = \"\"\"\n" + dots + "\n" + brackets + "\"\"\""), "");
  EXPECT_EQ(refusal("a = '''\n" + dots + "\n" + brackets + "'''"), "");
  EXPECT_EQ(refusal("# " + dots + brackets), "");
  EXPECT_EQ(refusal("\"" + dots + "\" = 1"), "");
}

TEST(TomlShape, AQuoteInAStringDoesNotHideWhatFollows) {
  const std::string deep = repeated("[", 65);
  EXPECT_NE(refusal("a = \"\\\"\"\nb = " + deep), "");
  EXPECT_NE(refusal("a = \"\\\\\"\nb = " + deep), "");
  EXPECT_NE(refusal("a = '\\'\nb = " + deep), "");
  EXPECT_NE(refusal("a = ''\nb = " + deep), "");
  EXPECT_NE(refusal("a = \"\"\"x\"\"\"\"\"\nb = " + deep), "");
  EXPECT_NE(refusal("a = \"\"\"x\\\"\"\"\"\nb = " + deep), "");
  EXPECT_NE(refusal("a = '''x''''\nb = " + deep), "");
  EXPECT_NE(refusal("a = [\"\"\"x\"\"\"\", " + deep), "");
  EXPECT_NE(refusal("a = ['''x'''', " + deep), "");
  EXPECT_NE(refusal("a = 1 # \"\nb = " + deep), "");
  EXPECT_NE(refusal("a = \"unfinished\nb = " + deep), "");
}

TEST(TomlShape, EndsOnTextCutAnywhere) {
  const std::string text = "a = \"x\\\"\"\nb = '''y\\'''\n[c.\"d\"] # e\nf = [1, {g.h = \"\"\"i\\\\\"\"\"}]";
  for (size_t length = 0; length <= text.size(); ++length) EXPECT_EQ(refusal(text.substr(0, length)), "");
}

TEST(TomlShape, CountsColumnsInCharacters) {
  EXPECT_EQ(refusal("a = \"µµ\" , " + repeated("[", 65)),
            "x.toml:1:76: arrays and tables nested more than 64 deep");
}

}  // namespace
}  // namespace coldload
