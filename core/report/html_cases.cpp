#include <fmt/format.h>

#include <array>

#include "core/report/html_sections.hpp"
#include "core/report/html_table.hpp"

namespace coldload {
namespace {

constexpr std::array<HtmlColumn, 9> kColumns = {{{"case"},
                                                 {"valid runs", true},
                                                 {"median", true},
                                                 {"95 % interval", true},
                                                 {"GB/s", true},
                                                 {"against the baseline"},
                                                 {"proof"},
                                                 {"disturbed", true},
                                                 {"notes"}}};

void write_id(Markup& out, const CaseAnalysis& analysis) {
  out.open("span", {{"class", "id"}});
  out.breakable(analysis.record->id);
  out.close();
}

std::string interval_of(const ReportView& view, const CaseAnalysis& analysis) {
  if (analysis.valid_count < 2) return std::string(kNothing);
  const Interval& interval = analysis.cold_load.median_interval;
  const TimeUnit unit = view.unit_of(analysis);
  return fmt::format("{} to {} {}", unit(interval.low), unit(interval.high), unit.name);
}

std::string joined(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) text += (text.empty() ? "" : "; ") + note;
  return text.empty() ? std::string(kNothing) : text;
}

void write_row(Markup& out, HtmlTable& table, const ReportView& view, const CaseAnalysis& analysis,
               const std::string& anchor) {
  table.begin_row(anchor, view.report().decision.steady == &analysis ? "chosen" : "");
  table.open_cell();
  write_id(out, analysis);
  view.write_marks(out, analysis);
  table.close_cell();
  table.cell(runs_cell(analysis));
  const bool measured = analysis.valid_count != 0;
  table.cell(measured ? view.time(analysis, analysis.cold_load.median) : std::string(kNothing));
  table.cell(interval_of(view, analysis));
  table.cell(rate_cell(analysis));
  table.cell(verdict_cell(analysis));
  table.cell(proof_cell(analysis));
  table.cell(analysis.disturbed_count == 0 ? std::string(kNothing)
                                           : fmt::to_string(analysis.disturbed_count));
  table.cell(joined(analysis.notes));
  table.end_row();
}

// One row for each case whose status is, or is not, ok; numbered by its place in the report.
template <typename Write>
void for_cases(const ReportView& view, bool ok, Write&& write) {
  const auto& cases = view.report().cases;
  for (size_t i = 0; i < cases.size(); ++i) {
    if ((cases[i].record->status == CaseStatus::ok) == ok) write(cases[i], fmt::format("case-{}", i + 1));
  }
}

std::string counted(const Counts& counts) {
  return fmt::format(
      "{} cases measured, {} skipped, {} failed, {} not measured. Runs: {} valid, {} unprovable, {} without "
      "proof, {} disturbed.",
      counts.cases_ok, counts.cases_skipped, counts.cases_failed, counts.cases_not_measured,
      counts.runs_valid, counts.runs_unprovable, counts.runs_unproved, counts.runs_disturbed);
}

void write_without_figures(Markup& out, const ReportView& view) {
  constexpr std::array<HtmlColumn, 3> kOthers = {{{"case"}, {"status"}, {"reason"}}};
  HtmlTable table(out, kOthers, "Without figures");
  for_cases(view, false, [&](const CaseAnalysis& analysis, const std::string& anchor) {
    table.begin_row(anchor);
    table.open_cell();
    write_id(out, analysis);
    table.close_cell();
    const CaseStatus status = analysis.record->status;
    table.cell(status == CaseStatus::not_measured ? "not measured" : to_string(status));
    table.cell(analysis.record->reason.empty() ? kNothing : analysis.record->reason);
    table.end_row();
  });
}

}  // namespace

void write_all_cases(Markup& out, const ReportView& view) {
  const Counts counts = count_all(view.report().cases);
  out.open("section", {{"id", "cases"}});
  out.element("h2", "Every case");
  out.element("p", counted(counts));
  if (counts.cases_ok != 0) {
    HtmlTable table(out, kColumns);
    for_cases(view, true, [&](const CaseAnalysis& analysis, const std::string& anchor) {
      write_row(out, table, view, analysis, anchor);
    });
  }
  if (counts.cases_ok != view.report().cases.size()) write_without_figures(out, view);
  out.close();
}

}  // namespace coldload
