#include "core/report/markdown.hpp"

#include <gtest/gtest.h>

namespace coldload {
namespace {

TEST(Markdown, EscapesWhatWouldBeMarkup) {
  EXPECT_EQ(markdown_text("a*b_c`d`<e>&[f]#"), "a\\*b\\_c\\`d\\`\\<e\\>&amp;\\[f\\]\\#");
  EXPECT_EQ(markdown_text("two\nlines"), "two lines");
}

TEST(Markdown, FencesCodeThatHoldsBackticks) {
  EXPECT_EQ(markdown_code("a/b"), "`a/b`");
  EXPECT_EQ(markdown_code("a`b"), "`` a`b ``");
}

TEST(Markdown, TableEscapesItsBarsAndFillsShortRows) {
  MarkdownTable table({"name", "value"});
  table.right(1);
  table.add({"a|b"});
  EXPECT_EQ(table.text(), "| name | value |\n|---|--:|\n| a\\|b |  |\n");
}

}  // namespace
}  // namespace coldload
