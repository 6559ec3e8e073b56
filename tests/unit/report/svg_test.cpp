#include "core/report/svg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace coldload {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> labels_of(const Scale& scale) {
  std::vector<std::string> labels;
  for (const double tick : scale.ticks()) labels.push_back(scale.label(tick));
  return labels;
}

TEST(SvgNumber, HasOneDecimalAtMost) {
  EXPECT_EQ(svg_number(12.34), "12.3");
  EXPECT_EQ(svg_number(12.04), "12");
  EXPECT_EQ(svg_number(-0.01), "0");
  EXPECT_EQ(svg_number(std::numeric_limits<double>::quiet_NaN()), "0");
}

TEST(Scale, HasRoundTicksFromZero) {
  EXPECT_THAT(labels_of(Scale(9.9)), ElementsAre("0", "5", "10"));
  EXPECT_THAT(labels_of(Scale(2.7)), ElementsAre("0", "1", "2"));
  EXPECT_THAT(labels_of(Scale(0.31)), ElementsAre("0", "0.1", "0.2", "0.3"));
  EXPECT_THAT(labels_of(Scale(640)), ElementsAre("0", "200", "400", "600"));
}

TEST(Scale, LeavesRoomPastTheGreatest) {
  const Scale scale(10, 50);
  EXPECT_THAT(scale(10), DoubleEq(50 / 1.04));
  EXPECT_THAT(scale(0), DoubleEq(0));
}

TEST(Scale, OfNothingDrawsNothing) {
  const Scale scale(0);
  EXPECT_EQ(scale(5), 0);
  EXPECT_THAT(labels_of(scale), ElementsAre("0"));
}

TEST(Svg, HasANameAndADescription) {
  Markup out;
  {
    Svg svg(out, 20, "a < b", "two bars");
    svg.bar({0, 12.345}, {2, 10}, "disk");
  }
  EXPECT_EQ(out.take(),
            "<svg role=\"img\" height=\"20\">\n<title>a &lt; b</title><desc>two bars</desc>"
            "<rect x=\"0%\" width=\"12.3%\" y=\"2\" height=\"8\" class=\"disk\"/></svg>");
}

TEST(Svg, DrawsNothingOutsideItself) {
  Markup out;
  {
    Svg svg(out, 20, "swatch");
    svg.line({-5, 0}, {250, 20}, "");
  }
  EXPECT_THAT(out.take(), HasSubstr("x1=\"0%\" x2=\"100%\""));
}

}  // namespace
}  // namespace coldload
