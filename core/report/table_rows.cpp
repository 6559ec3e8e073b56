#include "core/report/table_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/report/cell_text.hpp"
#include "core/report/text.hpp"

namespace coldload {
namespace {

std::string status_in_words(CaseStatus status) {
  return status == CaseStatus::not_measured ? "not measured" : std::string(to_string(status));
}

Row row_of(const CaseAnalysis& analysis, const TimeUnit& unit, const SharedParts& shared) {
  const CaseRecord& record = *analysis.record;
  Row row;
  row.id = printable(record.id);
  row.name = printable(short_name(record, shared));
  row.status = record.status;
  for (const std::string& note : analysis.notes) row.notes.push_back(printable(note));
  if (record.status != CaseStatus::ok) {
    row.instead = status_in_words(record.status);
    if (!record.reason.empty()) row.instead += ": " + printable(record.reason);
    return row;
  }
  row.cells[kRuns] = runs_cell(analysis);
  row.cells[kMedian] = median_cell(analysis, unit);
  row.cells[kInterval] = interval_cell(analysis, unit);
  row.cells[kRate] = rate_cell(analysis);
  row.cells[kVerdict] = verdict_cell(analysis);
  row.cells[kCeiling] = ceiling_cell(analysis);
  row.cells[kProof] = proof_cell(analysis);
  return row;
}

// A verdict does not say against which of several baselines.
void name_the_baselines(const std::vector<CaseAnalysis>& analyses, std::vector<Row>& rows) {
  if (std::ranges::count_if(analyses, &CaseAnalysis::is_baseline) < 2) return;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!analyses[i].against_baseline) continue;
    rows[i].notes.insert(rows[i].notes.begin(), "baseline: " + printable(analyses[i].record->baseline));
  }
}

}  // namespace

TableContent table_content(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses) {
  const TimeUnit unit = time_unit_for(analyses);
  TableContent content;
  content.shared = shared_parts(document.cases);
  content.headings = {{{"", "case", false},
                       {"valid", "runs", true},
                       {"median", std::string(unit.name), true},
                       {"95 % interval", std::string(unit.name), true},
                       {"", "GB/s", true},
                       {"against", "the baseline", false},
                       {"share of", "its ceiling", false},
                       {"", "proof", false}}};
  for (const CaseAnalysis& analysis : analyses) {
    content.rows.push_back(row_of(analysis, unit, content.shared));
  }
  name_the_baselines(analyses, content.rows);
  return content;
}

}  // namespace coldload
