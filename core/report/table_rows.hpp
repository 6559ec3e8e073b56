// The table's content before it is laid out.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "core/analyse/case_summary.hpp"
#include "core/report/names.hpp"

namespace coldload {

enum Column : size_t { kCase, kRuns, kMedian, kInterval, kRate, kVerdict, kCeiling, kProof, kColumnCount };

struct Heading {
  std::string upper;  // two lines; the unit or the last word in the lower one
  std::string lower;
  bool right = false;  // figures are aligned to the right
};

struct Row {
  std::string id;    // in full
  std::string name;  // without what all cases share
  CaseStatus status = CaseStatus::ok;
  std::array<std::string, kColumnCount> cells;  // of a case that is ok; kCase is id or name, by layout
  std::string instead;                          // "skipped: …", of one that is not
  std::vector<std::string> notes;
};

struct TableContent {
  std::array<Heading, kColumnCount> headings;
  std::vector<Row> rows;
  SharedParts shared;
  bool baseline_per_cache = false;        // several baselines, each the only one of its cache state
  bool first_start_against_cold = false;  // and of first starts, that of the cold cases
};

// "each case is compared with the baseline of its own cache state": what a reader must know where
// `baseline_per_cache`.
[[nodiscard]] std::string baselines_in_words(const TableContent& content);

[[nodiscard]] TableContent table_content(const ResultDocument& document,
                                         const std::vector<CaseAnalysis>& analyses);

}  // namespace coldload
