#include "core/analyse/compare_threshold.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

constexpr std::string_view kGrammar =
    "write it as 'median > 10 %' (it takes longer) or 'throughput < -10 %' (it loads less per second)";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Status::invalid_option, fmt::format("{}: {}; {}", in_quotes(text), why, kGrammar));
}

}  // namespace

Result<CompareThreshold> parse_compare_threshold(std::string_view text) {
  CompareThreshold threshold;
  threshold.written = printable(text);
  const size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) return refuse(text, "has neither < nor >");
  threshold.above = text[sign] == '>';
  const std::string_view metric = trimmed(text.substr(0, sign));
  if (metric != "median" && metric != "throughput") {
    return refuse(text, fmt::format("no metric {}", in_quotes(metric)));
  }
  threshold.metric =
      metric == "median" ? CompareThreshold::Metric::median : CompareThreshold::Metric::throughput;
  std::string_view percent = trimmed(text.substr(sign + 1));
  const bool negative = percent.starts_with('-');
  if (negative) percent.remove_prefix(1);
  const auto change = parse_percent(percent);
  if (!change) return refuse(text, "has no percentage");
  threshold.change = negative ? -*change : *change;
  if (threshold.above && threshold.change < 0) {
    return refuse(text, "a case that does not change at all would break it");
  }
  if (!threshold.above && threshold.change > 0) {
    return refuse(text, "a case that does not change at all would break it");
  }
  return threshold;
}

double change_of(CompareThreshold::Metric metric, const BaselineComparison& comparison) {
  if (comparison.ratio <= 0) return 0;
  return (metric == CompareThreshold::Metric::median ? comparison.ratio : 1 / comparison.ratio) - 1;
}

ThresholdOutcome judge_threshold(const CompareThreshold& threshold, const DocumentComparison& comparison) {
  ThresholdOutcome outcome;
  outcome.threshold = threshold;
  for (const ComparedCase& compared : comparison.compared) {
    const Verdict verdict = compared.comparison.verdict;
    if (verdict == Verdict::too_few_runs) {
      ++outcome.too_few_runs_count;
      continue;
    }
    ++outcome.judged_count;
    if (verdict == Verdict::no_difference_shown) continue;
    const double change = change_of(threshold.metric, compared.comparison);
    if (threshold.above ? change > threshold.change : change < threshold.change) {
      outcome.broken.push_back(&compared);
    }
  }
  return outcome;
}

}  // namespace coldload
