// Why a case's figures may not be what its name says.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/analyse/finders.hpp"
#include "core/analyse/words.hpp"

namespace coldload {
namespace {

constexpr double kAmplified = 1.05;

void find_unproved(const CaseView& view, std::vector<Finding>& findings) {
  std::map<std::string, size_t> reasons;
  size_t runs = 0;
  for (const RunRecord& run : view.document.runs) {
    const bool counts = run.case_id == view.record().id && run.repetition != 0 && run.status == RunStatus::ok;
    if (!counts || run.proof.valid) continue;
    ++runs;
    ++reasons[run.proof.reason];
  }
  if (runs == 0) return;
  const auto most = std::ranges::max_element(reasons, {}, [](const auto& entry) { return entry.second; });
  Finding finding;
  finding.kind = FindingKind::unproved;
  finding.severity = view.runs.empty() ? Severity::problem : Severity::caution;
  finding.what = {fmt::format("{} without proof, in no statistics", counted(runs, "run")),
                  {view.record().id}};
  finding.cause = most->first;
  finding.advice = view.runs.empty() ? "no figure of this case is evidence of its cache state" : "";
  findings.push_back(std::move(finding));
}

void find_amplification(const CaseView& view, std::vector<Finding>& findings) {
  // What another program reads holds its own libraries too.
  if (view.record().external) return;
  std::vector<double> ratios;
  for (const RunRecord* run : view.runs) {
    if (run->bytes.device && run->bytes.model != 0) {
      ratios.push_back(static_cast<double>(*run->bytes.device) / static_cast<double>(run->bytes.model));
    }
  }
  const double ratio = summarize(ratios, 1).median;
  if (ratio <= kAmplified) return;
  Finding finding;
  finding.kind = FindingKind::amplified;
  finding.severity = Severity::caution;
  finding.what = {
      fmt::format("amplified: {} of the model's bytes were read from the storage", percent_in_words(ratio)),
      {view.record().id}};
  finding.cause = "read-ahead beyond what was wanted, or pages dropped and read again";
  finding.advice = "a smaller read-ahead, reads in the order of the file, or direct reads";
  findings.push_back(std::move(finding));
}

// "s3/retries" of whichever component.
double retries_of(const RunRecord& run) {
  double total = 0;
  for (const Metric& metric : run.metrics) {
    if (metric.tag.ends_with("/retries")) total += metric.value;
  }
  return total;
}

void find_retries(const CaseView& view, std::vector<Finding>& findings) {
  size_t runs = 0;
  double total = 0;
  for (const RunRecord* run : view.runs) {
    const double retries = retries_of(*run);
    if (retries > 0) ++runs;
    total += retries;
  }
  if (runs == 0) return;
  Finding finding;
  finding.kind = FindingKind::retried;
  finding.severity = Severity::caution;
  finding.what = {
      fmt::format("retried: {:.0f} requests in {} had to be repeated", total, counted(runs, "run")),
      {view.record().id}};
  finding.cause = "the server refused, broke off or was too slow to answer";
  finding.advice = "fewer connections, or a look at the server's own limits";
  findings.push_back(std::move(finding));
}

}  // namespace

void find_doubts(const CaseView& view, std::vector<Finding>& findings) {
  find_unproved(view, findings);
  find_amplification(view, findings);
  find_retries(view, findings);
}

}  // namespace coldload
