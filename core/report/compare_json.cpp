// The JSON form of a comparison: core/report/compare_text.hpp declares it.
#include "core/report/compare_text.hpp"

namespace coldload {
namespace {

json::object side_to_json(const ComparedSide& side) {
  json::object out{{"path", json::utf8(side.where)},
                   {"scenario", json::text_or(side.document->scenario, "name")},
                   {"started_at", side.document->started_at},
                   {"interrupted", side.document->interrupted}};
  if (!side.document->finished) out["finished"] = false;
  if (!side.cases.empty()) out["cases"] = json::utf8(side.cases);
  return out;
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::faster:
      return "faster";
    case Verdict::slower:
      return "slower";
    case Verdict::no_difference_shown:
      return "no_difference_shown";
    case Verdict::too_few_runs:
      break;
  }
  return "too_few_runs";
}

json::object times_to_json(const CaseAnalysis& analysis) {
  json::object out{{"case", json::utf8(analysis.record->id)}, {"valid_runs", analysis.valid_count}};
  if (analysis.valid_count == 0) return out;
  out["median_s"] = analysis.cold_load.median;
  out["median_low_s"] = analysis.cold_load.median_interval.low;
  out["median_high_s"] = analysis.cold_load.median_interval.high;
  return out;
}

json::array texts(const std::vector<std::string>& from) {
  json::array out;
  for (const std::string& text : from) out.push_back(json::value(json::utf8(text)));
  return out;
}

json::object compared_to_json(const ComparedCase& compared) {
  const BaselineComparison& result = compared.comparison;
  json::object out{{"base", times_to_json(*compared.base)},
                   {"new", times_to_json(*compared.fresh)},
                   {"emulated", compared.base->record->emulated},
                   {"verdict", verdict_name(result.verdict)},
                   {"verdict_in_words", verdict_in_words(result)}};
  if (result.verdict != Verdict::too_few_runs) {
    out["ratio"] = result.ratio;
    out["ratio_low"] = result.ratio_interval.low;
    out["ratio_high"] = result.ratio_interval.high;
    out["p_value"] = result.p_value;
    out["p_adjusted"] = result.p_adjusted;
  }
  out["more_runs_needed"] = result.more_runs_needed;
  out["notes"] = texts(compared.notes);
  return out;
}

json::object threshold_to_json(const ThresholdOutcome& outcome) {
  json::array broken;
  for (const ComparedCase* compared : outcome.broken) {
    broken.push_back(json::object{{"case", json::utf8(compared->fresh->record->id)},
                                  {"change", change_of(outcome.threshold.metric, compared->comparison)}});
  }
  return {{"expression", outcome.threshold.written},
          {"kept", outcome.broken.empty()},
          {"judged", outcome.judged_count},
          {"too_few_runs", outcome.too_few_runs_count},
          {"broken", std::move(broken)}};
}

}  // namespace

json::value compare_json(const ComparisonReport& report) {
  const DocumentComparison& comparison = *report.comparison;
  json::array environment;
  for (const EnvironmentDifference& difference : comparison.environment) {
    environment.push_back(json::object{{"group", json::utf8(difference.group)},
                                       {"what", json::utf8(difference.what)},
                                       {"base", json::utf8(difference.base)},
                                       {"new", json::utf8(difference.fresh)}});
  }
  json::array compared;
  for (const ComparedCase& one : comparison.compared) compared.push_back(compared_to_json(one));
  json::array not_comparable;
  for (const NotComparable& pair : comparison.not_comparable) {
    not_comparable.push_back(json::object{{"base", json::utf8(pair.base)},
                                          {"new", json::utf8(pair.fresh)},
                                          {"reason", json::utf8(pair.reason)}});
  }
  json::array thresholds;
  for (const ThresholdOutcome& outcome : report.thresholds) thresholds.push_back(threshold_to_json(outcome));
  return json::object{{"base", side_to_json(report.base)},
                      {"new", side_to_json(report.fresh)},
                      {"environment", std::move(environment)},
                      {"compared", std::move(compared)},
                      {"not_comparable", std::move(not_comparable)},
                      {"only_in_base", texts(comparison.only_in_base)},
                      {"only_in_new", texts(comparison.only_in_fresh)},
                      {"fail_if", std::move(thresholds)}};
}

}  // namespace coldload
