#include "core/analyse/expectations.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "core/base/units.hpp"

namespace coldload {
namespace {

constexpr std::string_view kMedian = "median";
constexpr std::string_view kThroughput = "throughput";

std::optional<double> measured(const CaseAnalysis& analysis, std::string_view metric) {
  if (analysis.record->status != CaseStatus::ok || analysis.valid_count == 0) return std::nullopt;
  if (metric == kMedian) return analysis.cold_load.median * 1e9;
  if (metric == kThroughput && !analysis.touches_only) return analysis.bytes_per_second;
  return std::nullopt;
}

std::string why_not_measured(const CaseAnalysis& analysis, std::string_view metric) {
  const CaseRecord& record = *analysis.record;
  if (record.status != CaseStatus::ok) {
    const std::string_view status =
        record.status == CaseStatus::not_measured ? "not measured" : to_string(record.status);
    return record.reason.empty() ? std::string(status) : fmt::format("{}: {}", status, record.reason);
  }
  if (analysis.valid_count == 0) return "no run of it counts";
  if (metric == kThroughput) return "it touches only, which moves no bytes";
  return fmt::format("no metric \"{}\"; known are {}, {}", metric, kMedian, kThroughput);
}

json::object judge(const CaseAnalysis& analysis, const ExpectationInput& expectation) {
  json::object entry{
      {"case", analysis.record->id}, {"metric", expectation.metric}, {"expected", expectation.written}};
  const auto value = measured(analysis, expectation.metric);
  if (!value || !std::isfinite(*value)) {
    entry["kept"] = false;
    entry["reason"] = json::utf8(why_not_measured(analysis, expectation.metric));
    return entry;
  }
  entry["measured"] = *value;
  entry["kept"] = expectation.less ? *value < expectation.threshold : *value > expectation.threshold;
  return entry;
}

std::string value_in_words(std::string_view metric, double value) {
  if (metric == kThroughput) return format_rate(value);
  return format_duration(static_cast<uint64_t>(std::llround(std::max(value, 0.0))));
}

}  // namespace

json::array evaluate_expectations(const std::vector<CaseAnalysis>& analyses,
                                  std::span<const ExpectationInput> expectations,
                                  const GlobMatcher& matches) {
  json::array entries;
  for (const ExpectationInput& expectation : expectations) {
    bool any = false;
    for (const CaseAnalysis& analysis : analyses) {
      if (!matches(expectation.case_glob, analysis.record->id)) continue;
      any = true;
      entries.push_back(judge(analysis, expectation));
    }
    // A threshold that holds nothing to it would pass for ever.
    if (!any) {
      entries.push_back(json::object{{"case", expectation.case_glob},
                                     {"metric", expectation.metric},
                                     {"expected", expectation.written},
                                     {"kept", false},
                                     {"reason", "no case of this run has such an id"}});
    }
  }
  return entries;
}

std::string expectation_in_words(const json::object& entry) {
  const std::string_view metric = json::text_or(entry, "metric");
  const std::string outcome =
      entry.contains("measured")
          ? fmt::format("measured {}", value_in_words(metric, json::number_or(entry, "measured")))
          : fmt::format("not measured ({})", json::text_or(entry, "reason"));
  return fmt::format("expectation {}: {} {} of {}, {}", json::bool_or(entry, "kept") ? "kept" : "broken",
                     metric, json::text_or(entry, "expected"), json::text_or(entry, "case"), outcome);
}

}  // namespace coldload
