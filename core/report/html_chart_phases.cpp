#include <fmt/format.h>

#include <array>

#include "core/report/html_chart_rows.hpp"
#include "core/report/html_charts.hpp"
#include "core/statistics/summary.hpp"

namespace coldload {
namespace {

constexpr double kHeight = 20;
constexpr Svg::Span kBar{3, 17};

struct PhaseWord {
  std::string_view phase;
  std::string_view words;
};
// Those that the ranked time is the sum of, in their order.
constexpr std::array<PhaseWord, 4> kPhases = {{{"prepare", "prepare: the copy"},
                                               {"inspect", "inspect: headers"},
                                               {"open", "open"},
                                               {"load", "load: first byte to last"}}};

struct PhaseTime {
  std::string_view phase;
  double seconds = 0;
};

std::vector<PhaseTime> medians_of(const ReportView& view, const CaseAnalysis& analysis) {
  std::vector<PhaseTime> medians;
  for (const PhaseWord& word : kPhases) {
    if (word.phase == "prepare" && analysis.record->cache != "first-start") continue;
    std::vector<double> seconds;
    for (const RunTime& time : view.runs_of(analysis)) {
      if (time.counts) seconds.push_back(static_cast<double>(time.run->phases.get(word.phase)) * 1e-9);
    }
    const double median = summarize(seconds, 1).median;
    if (median > 0) medians.push_back({word.phase, median});
  }
  return medians;
}

// Those too short for a figure of the unit are named together, last.
std::string in_words(const std::vector<PhaseTime>& medians, const TimeUnit& unit) {
  std::string text;
  bool others = false;
  for (const PhaseTime& time : medians) {
    const std::string figure = unit(time.seconds);
    if (figure.find_first_not_of("0.") == std::string::npos) {
      others = true;
    } else {
      text += fmt::format("{}{} {}", text.empty() ? "" : " · ", time.phase, figure);
    }
  }
  if (others) text += fmt::format("{}others ≈ 0", text.empty() ? "" : " · ");
  return text.empty() ? std::string(kNothing) : text;
}

double sum_of(const std::vector<PhaseTime>& medians) {
  double sum = 0;
  for (const PhaseTime& time : medians) sum += time.seconds;
  return sum;
}

void draw(Markup& out, const CaseAnalysis& analysis, const std::vector<PhaseTime>& medians,
          const Scale& scale, const TimeUnit& unit) {
  constexpr double kRoomForWord = 16;
  Svg svg(out, kHeight, analysis.record->id, fmt::format("{} ({})", in_words(medians, unit), unit.name));
  svg.grid(scale);
  double at = 0;
  for (const PhaseTime& time : medians) {
    const double end = at + time.seconds;
    const Svg::Span across{scale(at / unit.seconds), scale(end / unit.seconds)};
    svg.bar(across, kBar, "phase-" + std::string(time.phase));
    if (across.to - across.from > kRoomForWord) {
      svg.text({across.from + 1, 14}, "", "on-" + std::string(time.phase), time.phase);
    }
    at = end;
  }
}

void write_legend(Markup& out) {
  out.open("p", {{"class", "legend"}});
  for (const PhaseWord& word : kPhases) {
    out.open("span", {{"class", "sign"}});
    {
      Svg svg(out, 14, "swatch");
      svg.bar({4, 96}, {2, 12}, "phase-" + std::string(word.phase));
    }
    out.text(word.words);
    out.close();
  }
  out.close();
}

}  // namespace

void write_phases(Markup& out, const ReportView& view) {
  if (view.groups().empty()) return;
  out.open("section", {{"id", "phases"}});
  out.element("h2", "Where the time goes");
  out.element(
      "p",
      "The median of each phase; their sum need not be the median of the whole. What a run does beside "
      "(waiting for a quiet machine, evicting, proving) is no part of a start and is not drawn.");
  write_legend(out);
  for (const CaseGroup& group : view.groups()) {
    double greatest = 0;
    for (const CaseAnalysis* analysis : group.cases) {
      greatest = std::max(greatest, sum_of(medians_of(view, *analysis)));
    }
    const Scale scale(greatest / group.unit.seconds);
    write_chart_table(
        out, view, group.cases,
        {group.heading(), "a bar of the phases, one after the other",
         fmt::format("medians, {}", group.unit.name)},
        scale,
        [&](const CaseAnalysis& analysis) {
          draw(out, analysis, medians_of(view, analysis), scale, group.unit);
        },
        [&](const CaseAnalysis& analysis) {
          out.element("small", in_words(medians_of(view, analysis), group.unit));
        });
  }
  out.close();
}

}  // namespace coldload
