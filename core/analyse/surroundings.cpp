// What of the machine around a case's runs may show in their times.
#include <fmt/format.h>

#include <algorithm>

#include "core/analyse/finders.hpp"
#include "core/analyse/words.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

void find_throttling(const CaseView& view, std::vector<Finding>& findings) {
  size_t runs = 0;
  double most_ns = 0;
  for (const RunRecord* run : view.runs) {
    const Metric* throttled = run->metric("cpu_throttled_ns");
    if (throttled == nullptr || throttled->value < 1e6) continue;
    ++runs;
    most_ns = std::max(most_ns, throttled->value);
  }
  if (runs == 0) return;
  Finding finding;
  finding.kind = FindingKind::throttled;
  finding.severity = Severity::caution;
  finding.what = {fmt::format("throttled: the cgroup's CPU limit stopped {} for up to {}",
                              counted(runs, "run"), seconds_in_words(most_ns * 1e-9)),
                  {view.record().id}};
  finding.cause = "the container's CPU limit is below what loading takes";
  finding.advice = "raise the limit for the start, or take the figures as those of this limit";
  findings.push_back(std::move(finding));
}

void find_little_memory(const CaseView& view, std::vector<Finding>& findings) {
  const auto reclaimed = median_metric(view, "pages_reclaimed");
  const auto refaulted = median_metric(view, "pages_refaulted");
  const double pages_of_model =
      static_cast<double>(view.record().model_bytes) / static_cast<double>(limits::kPageBytes);
  const double again = refaulted.value_or(0);
  // A reclaim of what is read once costs little; pages read a second time do.
  if (pages_of_model <= 0 || again < 0.01 * pages_of_model) return;
  Finding finding;
  finding.kind = FindingKind::low_memory;
  finding.severity = Severity::caution;
  finding.what = {
      fmt::format("little memory: pages worth {} were dropped and read again ({} reclaimed)",
                  format_bytes_decimal(static_cast<uint64_t>(again) * limits::kPageBytes),
                  format_bytes_decimal(static_cast<uint64_t>(reclaimed.value_or(0)) * limits::kPageBytes)),
      {view.record().id}};
  finding.cause = "memory, or the cgroup's limit, is smaller than what the load keeps";
  finding.advice = "more memory, or a strategy that keeps less of the model in the page cache: direct reads";
  findings.push_back(std::move(finding));
}

}  // namespace

void find_surroundings(const CaseView& view, std::vector<Finding>& findings) {
  find_throttling(view, findings);
  find_little_memory(view, findings);
}

}  // namespace coldload
