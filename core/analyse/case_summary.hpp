// What each case of a result document comes to. Computed once here; every rendering shows the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/analyse/ceiling.hpp"
#include "core/record/document.hpp"
#include "core/statistics/summary.hpp"
#include "core/statistics/verdict.hpp"

namespace coldload {

struct CaseAnalysis {
  const CaseRecord* record = nullptr;  // of the document, which must outlive this
  // Over valid_runs(), in seconds: cold_load_ns, or first_start_ns where staging is part of the case.
  Summary cold_load;
  size_t attempted_count = 0;  // repetitions that were neither skipped nor cancelled; the verifying one apart
  size_t valid_count = 0;      // those that stand in the statistics
  size_t unprovable_count = 0;  // ok, but their cache state could not be proved
  size_t unproved_count = 0;    // ok, but of another kind of proof that did not hold: a warm case not warm
  size_t disturbed_count = 0;
  double bytes_per_second = 0;  // model bytes / median; 0 without a valid run, or one that touches only
  bool is_baseline = false;
  bool touches_only = false;  // `mapped = touch`: never ranked against cases that copy
  // As fast as [run] max_bandwidth let it be, which is therefore what was measured: never ranked.
  bool held_back = false;
  std::optional<BaselineComparison> against_baseline;
  std::optional<Ceiling> ceiling;  // unknown where nothing that bounds this case was probed
  std::string proof_label;  // "residency+bytes"; several kinds are joined; "not proved"; "" without a run
  std::vector<std::string> notes;  // what a reader must know beside the figures, the gravest first
};

// One for each case, in the document's order. Cases with the same baseline are one family of tests. A case is
// not compared where that would not be like with like: one touches only, or another amount was loaded; a note
// says so. [any-thread]
[[nodiscard]] std::vector<CaseAnalysis> analyse_cases(const ResultDocument& document);

// What a case is ranked by, of each of its valid runs: seconds of cold_load, or of first_start where staging
// is part of the case.
[[nodiscard]] std::vector<double> ranked_seconds(const ResultDocument& document, const CaseRecord& record);

// The value of an option of the case's "backend" or "strategy", as the document writes it; null where it has
// none.
[[nodiscard]] const json::value* option_value(const CaseRecord& record, std::string_view component,
                                              std::string_view option);

// The scenario's seed, so that the same document gives the same intervals.
[[nodiscard]] uint64_t seed_of(const ResultDocument& document);

// Runs and cases by what became of them.
struct Counts {
  size_t cases_ok = 0;
  size_t cases_skipped = 0;
  size_t cases_failed = 0;
  size_t cases_not_measured = 0;
  size_t runs_valid = 0;
  size_t runs_unprovable = 0;
  size_t runs_unproved = 0;
  size_t runs_disturbed = 0;
};
[[nodiscard]] Counts count_all(const std::vector<CaseAnalysis>& analyses);

}  // namespace coldload
