#include "core/report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace coldload {
namespace {

constexpr int kTicksAbout = 4;
constexpr double kRoomPastEnd = 1.04;

std::string percent(double value) {
  return svg_number(std::clamp(value, 0.0, 100.0)) + "%";
}

// 1, 2 or 5 times a power of ten.
double round_step(double at_least) {
  const double power = std::pow(10, std::floor(std::log10(at_least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= at_least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

Scale::Scale(double greatest, double share) : share_(share) {
  if (!std::isfinite(greatest) || greatest <= 0) {
    ticks_ = {0};
    return;
  }
  end_ = greatest * kRoomPastEnd;
  step_ = round_step(greatest / kTicksAbout);
  for (int i = 0; step_ * i <= end_; ++i) ticks_.push_back(step_ * i);
}

double Scale::operator()(double value) const {
  return end_ == 0 || !std::isfinite(value) ? 0 : value / end_ * share_;
}

std::string Scale::label(double tick) const {
  const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step_) + 1e-9)), 0, 6);
  return tick == 0 ? "0" : fmt::format("{:.{}f}", tick, decimals);
}

std::string svg_number(double value) {
  std::string text = fmt::format("{:.1f}", std::isfinite(value) ? value : 0);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

Svg::Svg(Markup& out, double height, std::string_view title, std::string_view description) : out_(out) {
  out_.open("svg", {{"role", "img"}, {"height", svg_number(height)}});
  out_.element("title", {}, title);
  out_.element("desc", {}, description);
}

Svg::Svg(Markup& out, double height, std::string_view shape_class) : out_(out) {
  out_.open("svg", {{"aria-hidden", "true"}, {"class", shape_class}, {"height", svg_number(height)}});
}

void Svg::bar(Span x, Span y, std::string_view shape_class) {
  out_.shape("rect", {{"x", percent(x.from)},
                      {"width", percent(x.to - x.from)},
                      {"y", svg_number(y.from)},
                      {"height", svg_number(y.to - y.from)},
                      {"class", shape_class}});
}

void Svg::line(Point from, Point to, std::string_view shape_class) {
  out_.shape("line", {{"x1", percent(from.x)},
                      {"x2", percent(to.x)},
                      {"y1", svg_number(from.y)},
                      {"y2", svg_number(to.y)},
                      {"class", shape_class}});
}

void Svg::dot(Point at, double radius, std::string_view shape_class) {
  out_.shape(
      "circle",
      {{"cx", percent(at.x)}, {"cy", svg_number(at.y)}, {"r", svg_number(radius)}, {"class", shape_class}});
}

void Svg::text(Point at, std::string_view anchor, std::string_view shape_class, std::string_view text) {
  out_.element(
      "text",
      {{"x", percent(at.x)}, {"y", svg_number(at.y)}, {"text-anchor", anchor}, {"class", shape_class}}, text);
}

void Svg::grid(const Scale& scale) {
  for (const double tick : scale.ticks()) {
    const std::string x = percent(scale(tick));
    out_.shape("line", {{"x1", x}, {"x2", x}, {"y2", "100%"}, {"class", "grid"}});
  }
}

void write_axis(Markup& out, const Scale& scale) {
  constexpr double kHeight = 16;
  constexpr double kBaseline = 12;
  Svg svg(out, kHeight, "axis");
  for (const double tick : scale.ticks()) {
    const double x = scale(tick);
    svg.text({x, kBaseline}, tick == 0 ? "" : x > 97 ? "end" : "middle", "", scale.label(tick));
  }
}

}  // namespace coldload
