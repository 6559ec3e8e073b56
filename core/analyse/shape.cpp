// How the times of a case's runs lie: one after the other, and beside each other.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/analyse/finders.hpp"
#include "core/analyse/words.hpp"
#include "core/statistics/rank_test.hpp"

namespace coldload {
namespace {

constexpr size_t kRunsForDriftMin = 8;  // 4 against 4 is the least that can reach p = 0.05
constexpr double kDriftShown = 1.05;    // ratio of the halves' medians
constexpr size_t kRunsForGroupsMin = 6;
constexpr double kGapOfMedianMin = 0.10;  // between two groups
constexpr double kFarFences = 3;          // interquartile ranges beyond the quartiles (Tukey 1977, "far out")

void find_drift(const CaseView& view, std::vector<Finding>& findings) {
  if (view.seconds.size() < kRunsForDriftMin) return;
  const std::span<const double> all(view.seconds);
  const auto early = all.first(all.size() / 2);
  const auto late = all.last(all.size() / 2);
  if (mann_whitney(early, late).p_value > 0.05) return;
  const double ratio = summarize(late, 1).median / summarize(early, 1).median;
  if (ratio < kDriftShown && ratio > 1 / kDriftShown) return;
  Finding finding;
  finding.kind = FindingKind::drift;
  finding.severity = Severity::caution;
  finding.what = {fmt::format("drift: its later runs took {} {} than its earlier ones",
                              percent_in_words(std::abs(ratio - 1)), ratio > 1 ? "longer" : "less"),
                  {view.record().id}};
  finding.cause = ratio > 1 ? "a device that slows down as it warms or fills, or a neighbour that came"
                            : "a cache below this machine that fills, or a neighbour that left";
  finding.advice = "more repetitions over a longer time; compare only with cases of the same run";
  findings.push_back(std::move(finding));
}

void find_groups(const CaseView& view, std::vector<Finding>& findings) {
  if (view.seconds.size() < kRunsForGroupsMin) return;
  std::vector<double> sorted = view.seconds;
  std::ranges::sort(sorted);
  size_t at = 2;  // of at least two runs each
  for (size_t i = 2; i + 1 < sorted.size(); ++i) {
    if (sorted[i] - sorted[i - 1] > sorted[at] - sorted[at - 1]) at = i;
  }
  const double gap = sorted[at] - sorted[at - 1];
  const double widest = std::max(sorted[at - 1] - sorted.front(), sorted.back() - sorted[at]);
  if (gap < kGapOfMedianMin * view.analysis.cold_load.median || gap < 2 * widest) return;
  Finding finding;
  finding.kind = FindingKind::bimodal;
  finding.severity = Severity::caution;
  finding.what = {fmt::format("two groups of times: {} of {} to {}, {} of {} to {}", counted(at, "run"),
                              seconds_in_words(sorted.front()), seconds_in_words(sorted[at - 1]),
                              counted(sorted.size() - at, "run"), seconds_in_words(sorted[at]),
                              seconds_in_words(sorted.back())),
                  {view.record().id}};
  finding.cause = "two states of the machine or of the storage behind it take turns";
  finding.advice = "look at what differs between the runs; the median stands for neither group";
  findings.push_back(std::move(finding));
}

void find_outliers(const CaseView& view, std::vector<Finding>& findings) {
  const Summary& all = view.analysis.cold_load;
  if (all.count < kRunsForGroupsMin) return;
  const double range = all.quartile_high - all.quartile_low;
  const double low = all.quartile_low - kFarFences * range;
  const double high = all.quartile_high + kFarFences * range;
  std::vector<double> far;
  for (const double seconds : view.seconds) {
    const bool matters = std::abs(seconds - all.median) > kGapOfMedianMin * all.median;
    if (matters && (seconds < low || seconds > high)) far.push_back(seconds);
  }
  if (far.empty()) return;
  Finding finding;
  finding.kind = FindingKind::outliers;
  finding.severity = Severity::caution;
  finding.what = {
      fmt::format("{} far from the rest: up to {} against a median of {}", counted(far.size(), "run"),
                  seconds_in_words(*std::ranges::max_element(far)), seconds_in_words(all.median)),
      {view.record().id}};
  finding.cause = "somebody else's work on this machine or its storage, most often";
  finding.advice = "plan with the slowest run, not with the median";
  findings.push_back(std::move(finding));
}

}  // namespace

void find_shape(const CaseView& view, std::vector<Finding>& findings) {
  find_drift(view, findings);
  find_groups(view, findings);
  find_outliers(view, findings);
}

}  // namespace coldload
