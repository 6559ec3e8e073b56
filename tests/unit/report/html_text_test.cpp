#include "core/report/html_text.hpp"

#include <gtest/gtest.h>

#include "core/report/markup.hpp"

namespace coldload {
namespace {

TEST(HtmlEscaped, LeavesNoCharacterThatMarkupIsMadeOf) {
  EXPECT_EQ(html_escaped("<b a='1' c=\"2\">&amp;"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;");
}

TEST(HtmlEscaped, KeepsWhatIsHarmless) {
  EXPECT_EQ(html_escaped("1.32× slower – 模型 🙂"), "1.32× slower – 模型 🙂");
}

TEST(HtmlEscaped, ReplacesControlCharactersAndNoncharacters) {
  EXPECT_EQ(html_escaped(std::string_view("a\0b\x1b[2J\x7f", 8)), "a\uFFFDb\uFFFD[2J\uFFFD");
  EXPECT_EQ(html_escaped("\xc2\x9b"), "\uFFFD");
  EXPECT_EQ(html_escaped("\xef\xbf\xbe"), "\uFFFD");
}

TEST(HtmlEscaped, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(html_escaped("a\xff\xc0\xafz"), "a\uFFFD\uFFFD\uFFFDz");
  EXPECT_EQ(html_escaped("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");
}

TEST(HtmlEscaped, TurnsLineEndsAndTabsIntoBlanks) {
  EXPECT_EQ(html_escaped("a\r\nb\tc\u2028d"), "a  b c d");
}

TEST(HtmlEscaped, LeavesOutWhatTurnsTheDirectionOfText) {
  EXPECT_EQ(html_escaped("a\u202eb\u2066c\u200fd\u061ce"), "abcde");
}

TEST(HtmlBreakable, OffersABreakAfterEachPartOfAnId) {
  EXPECT_EQ(html_breakable("lake/parallel,threads=4/cold"), "lake/<wbr>parallel,<wbr>threads=4/<wbr>cold");
  EXPECT_EQ(html_breakable("a<b>/"), "a&lt;b&gt;/");
}

TEST(Markup, EscapesTextAndValues) {
  Markup out;
  out.element("i", {{"title", "\"><script>"}}, "</i><script>");
  EXPECT_EQ(out.take(), "<i title=\"&quot;&gt;&lt;script&gt;\">&lt;/i&gt;&lt;script&gt;</i>");
}

TEST(Markup, ClosesTheInnermostElementAndLeavesOutEmptyAttributes) {
  Markup out;
  out.open("a", {{"class", ""}, {"href", "#x"}});
  out.open("b");
  out.text("1");
  out.close();
  out.shape("rect", {{"x", "1"}});
  out.close();
  out.close();
  EXPECT_EQ(out.take(), "<a href=\"#x\"><b>1</b><rect x=\"1\"/></a>");
}

}  // namespace
}  // namespace coldload
