#include "core/report/compare_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"
#include "core/report/cell_text.hpp"
#include "core/report/grid.hpp"
#include "core/report/markdown.hpp"

namespace coldload {
namespace {

constexpr size_t kHashDigits = 64;
constexpr size_t kHashDigitsShown = 12;

std::string side_in_words(const ComparedSide& side) {
  std::string words = fmt::format("{} ({}, {}", printable(side.where),
                                  printable(json::text_or(side.document->scenario, "name", "unnamed")),
                                  printable(side.document->started_at));
  if (const auto ending = ending_in_words(*side.document); !ending.empty())
    words += fmt::format(", {}", ending);
  words += ")";
  if (!side.cases.empty()) words += fmt::format(", cases {}", printable(side.cases));
  return words;
}

bool has(const std::vector<std::string>& notes, const std::string& note) {
  return std::ranges::find(notes, note) != notes.end();
}

// Said once above the cases instead of below each.
std::vector<std::string> notes_of_all(const DocumentComparison& comparison) {
  if (comparison.compared.size() < 2) return {};
  std::vector<std::string> shared = comparison.compared.front().notes;
  for (const ComparedCase& compared : comparison.compared) {
    std::erase_if(shared, [&](const std::string& note) { return !has(compared.notes, note); });
  }
  return shared;
}

std::string notes_of_all_in_words(const DocumentComparison& comparison) {
  std::string words;
  for (const std::string& note : notes_of_all(comparison)) {
    words += (words.empty() ? "every case: " : "; ") + printable(note);
  }
  return words;
}

// A hash is known by its beginning; the JSON form has it whole.
std::string value_cell(std::string_view value) {
  const bool is_hash =
      value.size() == kHashDigits && value.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return is_hash ? fmt::format("{}…", value.substr(0, kHashDigitsShown)) : printable(value);
}

Grid environment_grid(const DocumentComparison& comparison) {
  Grid grid;
  grid.columns = {{"", "what differs", false}, {"", "base", false}, {"", "new", false}};
  for (const EnvironmentDifference& difference : comparison.environment) {
    grid.rows.push_back({{fmt::format("{}: {}", printable(difference.group), printable(difference.what)),
                          value_cell(difference.base), value_cell(difference.fresh)},
                         {}});
  }
  return grid;
}

std::string ratio_cell(double ratio) {
  if (ratio >= 100) return fmt::format("{:.0f}", ratio);
  if (ratio >= 10) return fmt::format("{:.1f}", ratio);
  return fmt::format("{:.{}f}", ratio, ratio >= 0.1 ? 2 : 4);
}

// The ratio's interval has a column of its own.
std::string verdict_cell(const BaselineComparison& comparison) {
  const std::string words = verdict_in_words(comparison);
  const bool differs = comparison.verdict == Verdict::slower || comparison.verdict == Verdict::faster;
  return differs ? words.substr(0, words.find(" (")) : words;
}

TimeUnit unit_of(const DocumentComparison& comparison) {
  std::vector<double> medians;
  for (const ComparedCase& compared : comparison.compared) {
    medians.push_back(compared.base->cold_load.median);
    medians.push_back(compared.fresh->cold_load.median);
  }
  return time_unit_of(medians);
}

Grid case_grid(const DocumentComparison& comparison) {
  const TimeUnit unit = unit_of(comparison);
  const std::vector<std::string> shared = notes_of_all(comparison);
  Grid grid;
  grid.columns = {{"", "case", false},
                  {"runs", "base", true},
                  {"runs", "new", true},
                  {"base", std::string(unit.name), true},
                  {"new", std::string(unit.name), true},
                  {"new /", "base", true},
                  {"95 %", "interval", true},
                  {"", "verdict", false}};
  for (const ComparedCase& compared : comparison.compared) {
    const BaselineComparison& result = compared.comparison;
    const bool has_ratio = result.verdict != Verdict::too_few_runs;
    Grid::Row row;
    row.cells = {printable(compared.fresh->record->id),
                 runs_cell(*compared.base),
                 runs_cell(*compared.fresh),
                 median_cell(*compared.base, unit),
                 median_cell(*compared.fresh, unit),
                 has_ratio ? ratio_cell(result.ratio) : std::string(kNothing),
                 has_ratio ? fmt::format("{} to {}", ratio_cell(result.ratio_interval.low),
                                         ratio_cell(result.ratio_interval.high))
                           : std::string(kNothing),
                 verdict_cell(result)};
    if (compared.base->record->id != compared.fresh->record->id) {
      row.notes.push_back(fmt::format("against {}", printable(compared.base->record->id)));
    }
    for (const std::string& note : compared.notes) {
      if (!has(shared, note)) row.notes.push_back(printable(note));
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

std::string not_comparable_in_words(const NotComparable& pair) {
  const std::string name = pair.base == pair.fresh
                               ? printable(pair.base)
                               : fmt::format("{} against {}", printable(pair.fresh), printable(pair.base));
  return fmt::format("{}: {}", name, printable(pair.reason));
}

struct Section {
  std::string_view title;
  std::vector<std::string> lines;
};

std::vector<Section> sections_of(const DocumentComparison& comparison) {
  std::vector<std::string> not_comparable;
  for (const NotComparable& pair : comparison.not_comparable) {
    not_comparable.push_back(not_comparable_in_words(pair));
  }
  const auto names = [](const std::vector<std::string>& ids) {
    std::vector<std::string> lines;
    for (const std::string& id : ids) lines.push_back(printable(id));
    return lines;
  };
  return {{"not comparable", std::move(not_comparable)},
          {"only in base", names(comparison.only_in_base)},
          {"only in new", names(comparison.only_in_fresh)}};
}

std::string cases_in_words(size_t count) {
  return fmt::format("{} case{}", count, count == 1 ? "" : "s");
}

// "--fail-if median > 10 %: broken by 1 case of 3: …".
std::vector<std::string> threshold_in_words(const ThresholdOutcome& outcome) {
  const std::string too_few =
      outcome.too_few_runs_count == 0
          ? ""
          : fmt::format("; {} had too few runs to tell", cases_in_words(outcome.too_few_runs_count));
  const std::string_view metric =
      outcome.threshold.metric == CompareThreshold::Metric::median ? "median" : "throughput";
  if (outcome.broken.empty()) {
    return {fmt::format("--fail-if {}: kept by {}{}", outcome.threshold.written,
                        cases_in_words(outcome.judged_count), too_few)};
  }
  std::vector<std::string> lines = {fmt::format("--fail-if {}: broken by {} of {}{}",
                                                outcome.threshold.written, outcome.broken.size(),
                                                cases_in_words(outcome.judged_count), too_few)};
  for (const ComparedCase* compared : outcome.broken) {
    lines.push_back(fmt::format("  {}: {} {:+.1f} %, {}", printable(compared->fresh->record->id), metric,
                                change_of(outcome.threshold.metric, compared->comparison) * 100,
                                verdict_in_words(compared->comparison)));
  }
  return lines;
}

std::string counts_line(const DocumentComparison& comparison) {
  const auto count = [&](Verdict verdict) {
    return std::ranges::count_if(comparison.compared, [verdict](const ComparedCase& compared) {
      return compared.comparison.verdict == verdict;
    });
  };
  return fmt::format(
      "compared: {}: {} slower, {} faster, {} without a difference shown, {} with too few runs; {} not "
      "comparable, {} only in base, {} only in new",
      cases_in_words(comparison.compared.size()), count(Verdict::slower), count(Verdict::faster),
      count(Verdict::no_difference_shown), count(Verdict::too_few_runs), comparison.not_comparable.size(),
      comparison.only_in_base.size(), comparison.only_in_fresh.size());
}

void add_paragraph(std::string& out, std::string_view text, size_t width) {
  const size_t indent = std::min(text.find_first_not_of(' '), text.size());
  const size_t room = width > indent ? width - indent : std::string::npos;
  for (const std::string& line : wrapped(text, width == 0 ? std::string::npos : room)) {
    out += std::string(indent, ' ') + line + "\n";
  }
}

std::string environment_sentence(const ComparisonReport& report) {
  if (report.base.document == report.fresh.document)
    return "both sides are of one run: nothing around them differs";
  return "nothing that the documents record differs around the runs";
}

}  // namespace

std::string compare_text(const ComparisonReport& report, size_t width) {
  const DocumentComparison& comparison = *report.comparison;
  std::string out;
  add_paragraph(out, "base: " + side_in_words(report.base), width);
  add_paragraph(out, "new: " + side_in_words(report.fresh), width);
  out += "\n";
  if (comparison.environment.empty()) {
    add_paragraph(out, environment_sentence(report), width);
  } else {
    out += grid_text(environment_grid(comparison), width);
  }
  const std::string every_case = notes_of_all_in_words(comparison);
  if (!comparison.compared.empty()) out += "\n";
  if (!every_case.empty()) add_paragraph(out, every_case, width);
  if (!comparison.compared.empty()) out += grid_text(case_grid(comparison), width);
  for (const Section& section : sections_of(comparison)) {
    if (section.lines.empty()) continue;
    out += fmt::format("\n{}\n", section.title);
    for (const std::string& line : section.lines) add_paragraph(out, "  " + line, width);
  }
  out += "\n";
  for (const ThresholdOutcome& outcome : report.thresholds) {
    for (const std::string& line : threshold_in_words(outcome)) add_paragraph(out, line, width);
  }
  add_paragraph(out, counts_line(comparison), width);
  return out;
}

std::string compare_markdown(const ComparisonReport& report) {
  const DocumentComparison& comparison = *report.comparison;
  std::string out =
      fmt::format("- base: {}\n- new: {}\n\n### What differs around the runs\n\n",
                  markdown_text(side_in_words(report.base)), markdown_text(side_in_words(report.fresh)));
  out += comparison.environment.empty() ? environment_sentence(report) + "\n"
                                        : grid_markdown(environment_grid(comparison));
  if (!comparison.compared.empty()) out += "\n### Cases\n\n" + grid_markdown(case_grid(comparison));
  const std::string every_case = notes_of_all_in_words(comparison);
  if (!every_case.empty()) out += "\n" + markdown_text(every_case) + "\n";
  for (const Section& section : sections_of(comparison)) {
    if (section.lines.empty()) continue;
    out += fmt::format("\n### {}{}\n\n", static_cast<char>(section.title.front() - 'a' + 'A'),
                       section.title.substr(1));
    for (const std::string& line : section.lines) out += fmt::format("- {}\n", markdown_text(line));
  }
  out += "\n";
  for (const ThresholdOutcome& outcome : report.thresholds) {
    for (const std::string& line : threshold_in_words(outcome)) {
      const bool inner = line.starts_with("  ");
      out += fmt::format("{}- {}\n", inner ? "  " : "", markdown_text(line));
    }
  }
  if (!report.thresholds.empty()) out += "\n";
  return out + markdown_text(counts_line(comparison)) + "\n";
}

}  // namespace coldload
