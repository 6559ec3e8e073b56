// What the figures do not say: not measured, not proved, emulated, sampled.
#include <fmt/format.h>

#include <map>

#include "core/analyse/advisers.hpp"
#include "core/analyse/words.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

std::string status_in_words(CaseStatus status) {
  return status == CaseStatus::not_measured ? "not measured" : std::string(to_string(status));
}

// Cases of one status and reason are one sentence.
void add_unmeasured(const AdviceView& view, std::vector<Statement>& out) {
  std::map<std::string, std::vector<std::string>> by_reason;
  std::vector<std::string> order;
  for (const CaseRecord& record : view.document.cases) {
    if (record.status == CaseStatus::ok) continue;
    const std::string why = fmt::format("{}: {}", status_in_words(record.status),
                                        record.reason.empty() ? "no reason is recorded" : record.reason);
    if (!by_reason.contains(why)) order.push_back(why);
    by_reason[why].push_back(record.id);
  }
  for (const std::string& why : order) {
    out.push_back({fmt::format("{} {}", counted(by_reason[why].size(), "case"), why), by_reason[why]});
  }
}

template <typename Is>
void add_all_that(const AdviceView& view, const char* text, Is is, std::vector<Statement>& out) {
  std::vector<std::string> ids;
  for (const CaseAnalysis& analysis : view.analyses) {
    if (analysis.record->status == CaseStatus::ok && is(analysis)) ids.push_back(analysis.record->id);
  }
  if (ids.empty()) return;
  out.push_back({fmt::format("{} {}", counted(ids.size(), "case"), text), ids});
}

void add_proofs(const AdviceView& view, std::vector<Statement>& out) {
  size_t runs = 0;
  std::vector<std::string> ids;
  std::map<std::string, std::vector<std::string>> caveats;
  for (const CaseAnalysis& analysis : view.analyses) {
    const size_t doubtful = analysis.unprovable_count + analysis.unproved_count;
    runs += doubtful;
    if (doubtful != 0) ids.push_back(analysis.record->id);
    for (const RunRecord* run : valid_runs(view.document, analysis.record->id)) {
      if (run->proof.caveat.empty()) continue;
      caveats[run->proof.caveat].push_back(analysis.record->id);
      break;
    }
  }
  if (runs != 0) out.push_back({fmt::format("{} not proved, in no figure here", counted(runs, "run")), ids});
  for (const auto& [caveat, cases] : caveats) {
    out.push_back({fmt::format("not proved by {}: {}", counted(cases.size(), "case"), caveat), cases});
  }
}

void add_scope(const AdviceView& view, std::vector<Statement>& out) {
  const json::object& scenario = view.document.scenario;
  const uint64_t model = json::unsigned_or(scenario, "model_bytes");
  const uint64_t loaded = json::unsigned_or(scenario, "loaded_bytes", model);
  if (loaded < model) {
    out.push_back(
        {fmt::format("sampled: {} of {} were loaded, in whole shards; nothing is extrapolated to the rest",
                     format_bytes_decimal(loaded), format_bytes_decimal(model)),
         {"scenario.loaded_bytes", "scenario.model_bytes"}});
  }
  const std::string_view stopped = json::text_or(scenario, "stopped");
  if (!stopped.empty()) out.push_back({fmt::format("ended early: {}", stopped), {"scenario.stopped"}});
  if (!view.document.finished) {
    out.push_back({"not finished: " + why_unfinished(view.document), {"finished"}});
  } else if (view.document.interrupted) {
    out.push_back({"interrupted: not all planned runs took place", {"interrupted"}});
  }
  if (!view.decision.engine_start.seconds) {
    out.push_back(
        {"the engine's own start was neither measured nor given: times are of the weights only", {"cases"}});
  } else if (view.decision.engine_start.basis == "scenario.policy") {
    out.push_back({"the engine's own start is the policy's word, not measured", {"scenario.policy"}});
  }
  const json::object* cpu = json::object_at(view.document.environment, "cpu");
  if (cpu != nullptr && json::bool_or(*cpu, "hypervisor")) {
    out.push_back({"this is a virtual machine: cold for its kernel need not be cold for the host below it",
                   {"environment.cpu.hypervisor"}});
  }
}

}  // namespace

std::vector<Statement> reservations_of(const AdviceView& view) {
  std::vector<Statement> out;
  add_all_that(
      view, "emulated: they stand in for storage that was not there, and support no advice",
      [](const CaseAnalysis& analysis) { return analysis.record->emulated; }, out);
  add_all_that(
      view, "synthetic: no storage was read",
      [](const CaseAnalysis& analysis) { return analysis.record->synthetic; }, out);
  add_all_that(
      view, "with fewer valid runs than a verdict takes, and not ranked",
      [](const CaseAnalysis& analysis) {
        return analysis.valid_count > 0 && analysis.valid_count < limits::kRunsForVerdictMin;
      },
      out);
  add_all_that(
      view, "external: what they read was not observed",
      [](const CaseAnalysis& analysis) { return analysis.record->external; }, out);
  add_proofs(view, out);
  add_unmeasured(view, out);
  add_scope(view, out);
  return out;
}

}  // namespace coldload
