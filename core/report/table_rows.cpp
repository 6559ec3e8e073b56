#include "core/report/table_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/report/cell_text.hpp"

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

size_t count_baselines(const std::vector<CaseAnalysis>& analyses, std::string_view cache) {
  return static_cast<size_t>(std::ranges::count_if(analyses, [&](const CaseAnalysis& analysis) {
    return analysis.is_baseline && (cache.empty() || analysis.record->cache == cache);
  }));
}

bool is_of_its_cache(const CaseAnalysis& analysis, const std::vector<CaseAnalysis>& analyses) {
  const auto baseline = std::ranges::find_if(analyses, [&](const CaseAnalysis& other) {
    return other.is_baseline && other.record->id == analysis.record->baseline;
  });
  std::string cache = analysis.record->cache;
  // Where no first start is a baseline, the cold one stands for it.
  if (cache == "first-start" && count_baselines(analyses, cache) == 0) cache = "cold";
  return baseline != analyses.end() && baseline->record->cache == cache &&
         count_baselines(analyses, cache) == 1;
}

// A verdict does not say against which of several baselines.
void name_the_baselines(const std::vector<CaseAnalysis>& analyses, TableContent& content) {
  if (count_baselines(analyses, "") < 2) return;
  const auto clear = [&](const CaseAnalysis& analysis) {
    return !analysis.against_baseline || is_of_its_cache(analysis, analyses);
  };
  content.baseline_per_cache = std::ranges::all_of(analyses, clear);
  content.first_start_against_cold =
      std::ranges::any_of(analyses,
                          [&](const CaseAnalysis& analysis) {
                            return analysis.against_baseline && analysis.record->cache == "first-start";
                          }) &&
      count_baselines(analyses, "first-start") == 0;
  if (content.baseline_per_cache) return;
  for (size_t i = 0; i < analyses.size(); ++i) {
    if (!analyses[i].against_baseline) continue;
    auto& notes = content.rows[i].notes;
    notes.insert(notes.begin(), "baseline: " + printable(analyses[i].record->baseline));
  }
}

}  // namespace

std::string baselines_in_words(const TableContent& content) {
  std::string text = "each case is compared with the baseline of its own cache state";
  if (content.first_start_against_cold) text += ", a first start with the cold one";
  return text;
}

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
  name_the_baselines(analyses, content);
  return content;
}

}  // namespace coldload
