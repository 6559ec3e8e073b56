// Other work on the machine, as the runs' own notes of disturbance tell it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/analyse/finders.hpp"
#include "core/analyse/words.hpp"

namespace coldload {
namespace {

// Reasons that differ in their figures alone are one: "differ by … ms".
std::string without_figures(std::string_view reason) {
  std::string out;
  bool in_figure = false;
  for (const char letter : reason) {
    const bool figure = (letter >= '0' && letter <= '9') || (in_figure && letter == '.');
    if (figure && !in_figure) out += "…";
    if (!figure) out += letter;
    in_figure = figure;
  }
  return out;
}

}  // namespace

void find_neighbours(const std::vector<CaseView>& views, std::vector<Finding>& findings) {
  std::map<std::string, size_t> reasons;
  std::vector<std::string> cases;
  size_t runs = 0;
  size_t disturbed = 0;
  for (const CaseView& view : views) {
    const size_t before = disturbed;
    runs += view.runs.size();
    for (const RunRecord* run : view.runs) {
      if (!run->disturbed.empty()) ++disturbed;
      for (const std::string& reason : run->disturbed) ++reasons[without_figures(reason)];
    }
    if (disturbed != before) cases.push_back(view.record().id);
  }
  if (disturbed == 0) return;
  const auto most = std::ranges::max_element(reasons, {}, [](const auto& entry) { return entry.second; });
  Finding finding;
  finding.kind = FindingKind::neighbours;
  finding.severity = Severity::caution;
  finding.what = {
      fmt::format("{} of {} that count {} disturbed; the most frequent reason, {} times: {}", disturbed,
                  counted(runs, "run"), disturbed == 1 ? "was" : "were", most->second, most->first),
      std::move(cases)};
  finding.cause = "other work on this machine or on its storage";
  finding.advice = "repeat it when the machine is quiet; the runs still count";
  findings.push_back(std::move(finding));
}

}  // namespace coldload
