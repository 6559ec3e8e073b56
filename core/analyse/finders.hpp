// The single searches that find_all() puts together. Each appends what it finds of one case.
#pragma once

#include <vector>

#include "core/analyse/finding.hpp"

namespace coldload {

// A case with what its searches look at; all must outlive it.
struct CaseView {
  const ResultDocument& document;
  const CaseAnalysis& analysis;
  std::vector<const RunRecord*> runs;  // the valid ones, in the order they took place
  std::vector<double> seconds;         // what each is ranked by

  [[nodiscard]] const CaseRecord& record() const { return *analysis.record; }
};

// The median of a metric over the case's valid runs; nothing where none has it.
[[nodiscard]] std::optional<double> median_metric(const CaseView& view, std::string_view tag);

void find_bound(const CaseView& view, std::vector<Finding>& findings);
// Drift, two groups of times, single runs far off.
void find_shape(const CaseView& view, std::vector<Finding>& findings);
// Throttling, little memory.
void find_surroundings(const CaseView& view, std::vector<Finding>& findings);
// Runs without proof, bytes read more than once, requests repeated.
void find_doubts(const CaseView& view, std::vector<Finding>& findings);

// One finding for all cases together: what disturbs one of a machine's cases disturbs most of them.
void find_neighbours(const std::vector<CaseView>& views, std::vector<Finding>& findings);

}  // namespace coldload
