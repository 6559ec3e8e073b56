#include <fmt/format.h>

#include "core/report/html_chart_rows.hpp"
#include "core/report/html_charts.hpp"

namespace coldload {
namespace {

constexpr double kHeight = 25;
constexpr Svg::Span kBar{4, 14};
constexpr double kWhiskerY = 9;
constexpr double kRunsY = 19.5;
constexpr double kRunRadius = 2.4;

double greatest_of(const ReportView& view, const CaseGroup& group) {
  double greatest = 0;
  for (const CaseAnalysis* analysis : group.cases) {
    greatest = std::max({greatest, analysis->cold_load.median, analysis->cold_load.median_interval.high});
    for (const RunTime& time : view.runs_of(*analysis)) greatest = std::max(greatest, time.seconds);
  }
  return greatest;
}

// "median 2.61 s, 95 % interval 2.58 to 2.66 s; runs: 2.55, 2.70, …"
std::string in_words(const ReportView& view, const CaseAnalysis& analysis, const TimeUnit& unit) {
  std::string text = fmt::format("median {} {}", unit(analysis.cold_load.median), unit.name);
  if (analysis.valid_count > 1) {
    text += fmt::format(", 95 % interval {} {}", interval_cell(analysis, unit), unit.name);
  }
  text += "; runs:";
  for (const RunTime& time : view.runs_of(analysis)) {
    text += fmt::format(" {}{}", unit(time.seconds), time.counts ? "" : " (not counted)");
  }
  return text;
}

void draw_interval(Svg& svg, const CaseAnalysis& analysis, const Scale& scale, const TimeUnit& unit) {
  if (analysis.valid_count < 2) return;
  constexpr double kCap = 3.5;
  const double low = scale(analysis.cold_load.median_interval.low / unit.seconds);
  const double high = scale(analysis.cold_load.median_interval.high / unit.seconds);
  svg.line({low, kWhiskerY}, {high, kWhiskerY}, "whisker");
  for (const double end : {low, high}) {
    svg.line({end, kWhiskerY - kCap}, {end, kWhiskerY + kCap}, "whisker");
  }
}

void draw(Markup& out, const ReportView& view, const CaseAnalysis& analysis, const Scale& scale,
          const TimeUnit& unit) {
  Svg svg(out, kHeight, analysis.record->id, in_words(view, analysis, unit));
  svg.grid(scale);
  svg.bar({0, scale(analysis.cold_load.median / unit.seconds)}, kBar, view.shape_class(analysis));
  draw_interval(svg, analysis, scale, unit);
  for (const RunTime& time : view.runs_of(analysis)) {
    const double x = scale(time.seconds / unit.seconds);
    if (!time.counts) {
      svg.text({x, kRunsY + 3}, "middle", "cross", "×");
    } else {
      svg.dot({x, kRunsY}, kRunRadius, time.run->disturbed.empty() ? "run" : "run disturbed");
    }
  }
}

void write_sign(Markup& out, std::string_view sign, std::string_view words) {
  out.open("span", {{"class", "sign"}});
  constexpr double kSide = 14;
  {
    Svg svg(out, kSide, "swatch");
    if (sign == "whisker") {
      svg.line({5, 7}, {95, 7}, "whisker");
      svg.line({5, 3.5}, {5, 10.5}, "whisker");
      svg.line({95, 3.5}, {95, 10.5}, "whisker");
    } else if (sign == "cross") {
      svg.text({50, 11}, "middle", "cross", "×");
    } else {
      svg.dot({50, 7}, kRunRadius, sign);
    }
  }
  out.text(words);
  out.close();
}

void write_signs(Markup& out, const ReportView& view) {
  bool disturbed = false;
  bool uncounted = false;
  for (const CaseGroup& group : view.groups()) {
    for (const CaseAnalysis* analysis : group.cases) {
      for (const RunTime& time : view.runs_of(*analysis)) {
        uncounted = uncounted || !time.counts;
        disturbed = disturbed || (time.counts && !time.run->disturbed.empty());
      }
    }
  }
  write_sign(out, "whisker", "95 % interval of the median");
  write_sign(out, "run", "one run");
  if (disturbed) write_sign(out, "run disturbed", "one run, disturbed");
  if (uncounted) write_sign(out, "cross", "a run that is not counted: its proof does not hold");
}

}  // namespace

void write_inks(Markup& out, const ReportView& view) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kInks = {
      {{"disk", "local disk"}, {"network", "network"}, {"staged", "staged"}, {"other", "other"}}};
  bool any_emulated = false;
  std::vector<std::string_view> seen;
  for (const CaseAnalysis& analysis : view.report().cases) {
    if (analysis.valid_count == 0) continue;
    seen.push_back(view.ink(analysis));
    any_emulated = any_emulated || analysis.record->emulated;
  }
  const auto swatch = [&](std::string_view shape_class, std::string_view words) {
    out.open("span", {{"class", "sign"}});
    {
      Svg svg(out, 14, "swatch");
      svg.bar({4, 96}, {2, 12}, shape_class);
    }
    out.text(words);
    out.close();
  };
  for (const auto& [ink, words] : kInks) {
    if (std::ranges::find(seen, ink) != seen.end()) swatch(ink, words);
  }
  if (any_emulated) swatch("other emulated", "emulated: a hollow, dashed bar");
}

void write_medians(Markup& out, const ReportView& view) {
  if (view.groups().empty()) return;
  out.open("section", {{"id", "times"}});
  out.element("h2", "How long a load takes");
  out.element("p",
              "Medians, fastest first. Each cache state has a scale of its own; a case is named without what "
              "all cases share, and leads to its row.");
  out.open("p", {{"class", "legend"}});
  write_inks(out, view);
  write_signs(out, view);
  out.close();
  for (const CaseGroup& group : view.groups()) {
    const TimeUnit& unit = group.unit;
    const Scale scale(greatest_of(view, group) / unit.seconds);
    const ChartTable words{group.heading(), "a bar for the median, a dot for each run",
                           fmt::format("median, {} (95 % interval)", unit.name)};
    write_chart_table(
        out, view, group.cases, words, scale,
        [&](const CaseAnalysis& analysis) { draw(out, view, analysis, scale, unit); },
        [&](const CaseAnalysis& analysis) {
          out.element("b", median_cell(analysis, unit));
          out.text(" ");
          out.element("small", interval_cell(analysis, unit));
        });
  }
  out.close();
}

}  // namespace coldload
