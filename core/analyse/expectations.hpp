// The thresholds a scenario set, held against what was measured.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/case_summary.hpp"
#include "core/base/json.hpp"

namespace coldload {

// The fields of a scenario's [[expect]] that are judged here.
struct ExpectationInput {
  std::string case_glob;
  std::string metric;    // "median" (nanoseconds of cold_load), "throughput" (bytes per second)
  bool less = true;      // below the threshold is kept; else above
  double threshold = 0;  // of the metric's unit
  std::string written;   // "< 5 s"
};

// Whether a glob means this case id: the scenario's own reading of its globs.
using GlobMatcher = std::function<bool(std::string_view glob, std::string_view case_id)>;

// One entry for each expectation and case it means, as ResultDocument::expectations holds them: {case,
// metric, expected, measured, kept, reason}. `measured` (of the metric's unit) is absent where nothing could
// be measured; then the expectation is broken and `reason` says why, as where the glob means no case.
// [any-thread]
[[nodiscard]] json::array evaluate_expectations(const std::vector<CaseAnalysis>& analyses,
                                                std::span<const ExpectationInput> expectations,
                                                const GlobMatcher& matches);

// "expectation kept: median < 5 s of nvme/parallel/stream/cold, measured 4.21 s": an entry as a line for
// people.
[[nodiscard]] std::string expectation_in_words(const json::object& entry);

}  // namespace coldload
