#include <fmt/format.h>

#include "core/report/html_chart_rows.hpp"
#include "core/report/html_charts.hpp"

namespace coldload {
namespace {

constexpr double kHeight = 18;
constexpr Svg::Span kBar{4, 14};
constexpr double kGiga = 1e-9;

// Fastest first, as the rates are; without those that move nothing.
std::vector<const CaseAnalysis*> with_a_rate(const CaseGroup& group) {
  std::vector<const CaseAnalysis*> cases;
  for (const CaseAnalysis* analysis : group.cases) {
    if (analysis->bytes_per_second > 0) cases.push_back(analysis);
  }
  return cases;
}

double greatest_of(const std::vector<const CaseAnalysis*>& cases) {
  double greatest = 0;
  for (const CaseAnalysis* analysis : cases) {
    greatest = std::max(greatest, analysis->bytes_per_second);
    if (analysis->ceiling) greatest = std::max(greatest, analysis->ceiling->bytes_per_second);
  }
  return greatest * kGiga;
}

std::string in_words(const CaseAnalysis& analysis) {
  if (!analysis.ceiling) return fmt::format("{} GB/s; ceiling unknown", rate_cell(analysis));
  return fmt::format("{} GB/s, {}: {:.2f} GB/s", rate_cell(analysis), ceiling_cell(analysis),
                     analysis.ceiling->bytes_per_second * kGiga);
}

void draw(Markup& out, const ReportView& view, const CaseAnalysis& analysis, const Scale& scale) {
  Svg svg(out, kHeight, analysis.record->id, in_words(analysis));
  svg.grid(scale);
  svg.bar({0, scale(analysis.bytes_per_second * kGiga)}, kBar, view.shape_class(analysis));
  if (!analysis.ceiling) return;
  const double ceiling = scale(analysis.ceiling->bytes_per_second * kGiga);
  svg.line({ceiling, 0}, {ceiling, kHeight}, "ceiling");
}

}  // namespace

void write_rates(Markup& out, const ReportView& view) {
  if (view.groups().empty()) return;
  out.open("section", {{"id", "throughput"}});
  out.element("h2", "Throughput against the ceiling");
  out.element("p",
              "Bytes of the model by the median. A ceiling that was not probed is unknown, and not drawn.");
  out.open("p", {{"class", "legend"}});
  write_inks(out, view);
  out.open("span", {{"class", "sign"}});
  {
    Svg svg(out, 14, "swatch");
    svg.line({50, 0}, {50, 14}, "ceiling");
  }
  out.text("what the probe of this machine reached");
  out.close();
  out.close();
  for (const CaseGroup& group : view.groups()) {
    const auto cases = with_a_rate(group);
    const Scale scale(greatest_of(cases));
    write_chart_table(
        out, view, cases,
        {group.heading(), "a bar for the rate, a line for the ceiling", "GB/s (of the ceiling)"}, scale,
        [&](const CaseAnalysis& analysis) { draw(out, view, analysis, scale); },
        [&](const CaseAnalysis& analysis) {
          out.element("b", rate_cell(analysis));
          out.text(" ");
          out.element("small", analysis.ceiling ? ceiling_cell(analysis) : "ceiling unknown");
        });
  }
  out.close();
}

}  // namespace coldload
