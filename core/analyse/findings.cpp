#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/analyse/engine.hpp"
#include "core/analyse/finders.hpp"
#include "core/analyse/words.hpp"

namespace coldload {
namespace {

CaseView view_of(const ResultDocument& document, const CaseAnalysis& analysis) {
  CaseView view{document, analysis, valid_runs(document, analysis.record->id), {}};
  std::ranges::sort(view.runs, {}, &RunRecord::sequence);
  for (const RunRecord* run : view.runs) {
    const bool first_start = analysis.record->cache == "first-start";
    view.seconds.push_back(static_cast<double>(first_start ? run->first_start_ns : run->cold_load_ns) * 1e-9);
  }
  return view;
}

void find_weights_share(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses,
                        std::vector<Finding>& findings) {
  const EngineStart engine = engine_start_of(document, analyses);
  if (!engine.weights_share) return;
  Finding finding;
  finding.kind = FindingKind::weights_share;
  finding.what = {
      fmt::format("the weights are {} of the time until the service is ready; the other {} are the "
                  "engine's own start",
                  percent_in_words(*engine.weights_share), seconds_in_words(engine.seconds.value_or(0))),
      {engine.basis}};
  finding.advice = "faster storage can shorten the first part only";
  findings.push_back(std::move(finding));
}

constexpr std::array<std::pair<FindingKind, std::string_view>, 11> kKinds = {{
    {FindingKind::bound, "bound"},
    {FindingKind::drift, "drift"},
    {FindingKind::bimodal, "two groups"},
    {FindingKind::outliers, "outliers"},
    {FindingKind::throttled, "throttled"},
    {FindingKind::neighbours, "neighbours"},
    {FindingKind::low_memory, "little memory"},
    {FindingKind::unproved, "not proved"},
    {FindingKind::amplified, "amplified"},
    {FindingKind::retried, "retried"},
    {FindingKind::weights_share, "share of the weights"},
}};

}  // namespace

std::string_view to_string(FindingKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "unknown";
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::problem:
      return "problem";
    case Severity::caution:
      return "caution";
    case Severity::information:
      break;
  }
  return "information";
}

std::optional<double> median_metric(const CaseView& view, std::string_view tag) {
  std::vector<double> values;
  for (const RunRecord* run : view.runs) {
    if (const Metric* metric = run->metric(tag)) values.push_back(metric->value);
  }
  if (values.empty()) return std::nullopt;
  return summarize(values, 1).median;
}

std::vector<Finding> find_all(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses) {
  std::vector<CaseView> views;
  for (const CaseAnalysis& analysis : analyses) {
    if (analysis.record->status == CaseStatus::ok) views.push_back(view_of(document, analysis));
  }
  std::vector<Finding> findings;
  for (const CaseView& view : views) {
    find_doubts(view, findings);
    find_surroundings(view, findings);
    find_shape(view, findings);
    find_bound(view, findings);
  }
  find_neighbours(views, findings);
  find_weights_share(document, analyses, findings);
  std::vector<Finding> sorted;
  for (const Severity severity : {Severity::problem, Severity::caution, Severity::information}) {
    for (Finding& finding : findings) {
      if (finding.severity == severity) sorted.push_back(std::move(finding));
    }
  }
  return sorted;
}

}  // namespace coldload
