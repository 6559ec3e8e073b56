// `--fail-if 'median > 10 %'`: a change of a comparison that is not accepted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/compare.hpp"
#include "core/base/result.hpp"

namespace coldload {

struct CompareThreshold {
  enum class Metric : uint8_t { median, throughput };
  Metric metric = Metric::median;
  bool above = true;    // broken by a change above `change`; else by one below
  double change = 0;    // new / base - 1: 0.1 for 10 %; not negative if above, not positive if below
  std::string written;  // "median > 10 %"
};

// METRIC > PERCENT or METRIC < -PERCENT, METRIC `median` or `throughput`. Errors (invalid_option): anything
// else; a sign that would make no change at all break it.
[[nodiscard]] Result<CompareThreshold> parse_compare_threshold(std::string_view text);

// The change of the metric, new / base - 1. Throughput is the model's bytes / median, and both sides load as
// many.
[[nodiscard]] double change_of(CompareThreshold::Metric metric, const BaselineComparison& comparison);

struct ThresholdOutcome {
  CompareThreshold threshold;
  std::vector<const ComparedCase*> broken;  // the change is shown, and it is beyond the threshold
  size_t judged_count = 0;                  // compared cases with enough runs for a verdict
  size_t too_few_runs_count = 0;            // those without, which break nothing
};

// `comparison` must outlive the answer.
[[nodiscard]] ThresholdOutcome judge_threshold(const CompareThreshold& threshold,
                                               const DocumentComparison& comparison);

}  // namespace coldload
