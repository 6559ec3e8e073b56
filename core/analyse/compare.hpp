// Two result documents, or two sets of cases of one, case by case.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/case_summary.hpp"
#include "core/analyse/environment_difference.hpp"
#include "core/base/result.hpp"
#include "core/record/document.hpp"
#include "core/statistics/verdict.hpp"

namespace coldload {

struct ComparedCase {
  const CaseAnalysis* base = nullptr;   // of DocumentComparison::base_cases
  const CaseAnalysis* fresh = nullptr;  // of DocumentComparison::fresh_cases
  BaselineComparison comparison;        // fresh against base; one family over all compared cases
  std::vector<std::string> notes;       // what a reader must know, the side named where only one has it
};

struct NotComparable {
  std::string base;  // the case's id on each side
  std::string fresh;
  std::string reason;
};

struct DocumentComparison {
  DocumentComparison() = default;
  DocumentComparison(DocumentComparison&&) = default;
  DocumentComparison& operator=(DocumentComparison&&) = default;
  // The compared cases point into the two lists.
  DocumentComparison(const DocumentComparison&) = delete;
  DocumentComparison& operator=(const DocumentComparison&) = delete;
  ~DocumentComparison() = default;

  std::vector<CaseAnalysis> base_cases;
  std::vector<CaseAnalysis> fresh_cases;
  std::vector<EnvironmentDifference> environment;
  std::vector<ComparedCase> compared;  // in base's order
  std::vector<NotComparable> not_comparable;
  std::vector<std::string> only_in_base;  // ids
  std::vector<std::string> only_in_fresh;
};

// Pairs the cases of the same id. A pair is compared where that is like with like: both are ok, load as many
// bytes, and neither alone is emulated, synthetic, external, sampled or touches only. Both documents must
// outlive the answer. [any-thread]
[[nodiscard]] DocumentComparison compare_documents(const ResultDocument& base, const ResultDocument& fresh);

// What each '*' of a glob stands for in a case's id, or nothing: the scenario's own reading of its globs.
using GlobCaptures =
    std::function<std::optional<std::vector<std::string>>(std::string_view glob, std::string_view case_id)>;

struct CaseGlobs {
  std::string base;
  std::string fresh;
};

// Within one document: cases that `globs.base` means against those that `globs.fresh` means. Where either
// means a single case, that one is paired with each of the other side; else two cases are paired whose '*'
// stand for the same text. No case is paired with itself. Errors: invalid_option, where a glob means no case
// or nothing can be paired. [any-thread]
[[nodiscard]] Result<DocumentComparison> compare_cases(const ResultDocument& document, const CaseGlobs& globs,
                                                       const GlobCaptures& captures);

}  // namespace coldload
