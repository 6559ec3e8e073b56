// Drawings that stand in a page. Across they are measured in percent of their width, down in pixels: their
// text keeps its size from a phone to a sheet of paper, which a view box that scales would not allow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/report/markup.hpp"

namespace coldload {

// From zero to a little past the greatest value, with round ticks.
class Scale {
 public:
  // `greatest` is what is drawn; `share` of the width, in percent, is used for it. Zero or less draws
  // everything at 0.
  explicit Scale(double greatest, double share = 100);

  [[nodiscard]] double operator()(double value) const;  // percent of the width
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }
  // With as many decimals as the ticks' distance needs.
  [[nodiscard]] std::string label(double tick) const;

 private:
  double end_ = 0;
  double share_;
  double step_ = 1;
  std::vector<double> ticks_;
};

// Rounded to 0.1, without a decimal that says nothing: "12.3", "12".
[[nodiscard]] std::string svg_number(double value);

class Svg {
 public:
  // A picture with a name and a description for those who do not see it.
  Svg(Markup& out, double height, std::string_view title, std::string_view description);
  // One that only repeats what stands beside it.
  Svg(Markup& out, double height, std::string_view shape_class);
  ~Svg() { out_.close(); }
  Svg(const Svg&) = delete;
  Svg& operator=(const Svg&) = delete;

  struct Span {
    double from = 0;
    double to = 0;
  };
  struct Point {
    double x = 0;  // percent
    double y = 0;  // pixels
  };
  void bar(Span x, Span y, std::string_view shape_class);
  void line(Point from, Point to, std::string_view shape_class);
  void dot(Point at, double radius, std::string_view shape_class);
  // `anchor`: "", "middle", "end".
  void text(Point at, std::string_view anchor, std::string_view shape_class, std::string_view text);
  // A thin line down the whole height at each tick.
  void grid(const Scale& scale);

 private:
  Markup& out_;
};

// The numbers of a scale, to stand above drawings that have its grid.
void write_axis(Markup& out, const Scale& scale);

}  // namespace coldload
