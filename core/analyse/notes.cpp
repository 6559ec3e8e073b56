#include "core/analyse/notes.hpp"

#include <fmt/format.h>

#include "core/analyse/words.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

void add_what_it_is_not(const CaseRecord& record, bool touches_only, std::vector<std::string>& notes) {
  if (record.synthetic) notes.emplace_back("synthetic: no storage was read");
  if (record.emulated) notes.emplace_back("emulated: stands in for storage that was not there");
  if (record.sampled) {
    notes.push_back(fmt::format("sampled: only {} of the model in whole shards; not extrapolated",
                                format_bytes_decimal(record.model_bytes)));
  }
  if (record.external) notes.emplace_back("external: another program reads, and is timed until it is ready");
  if (touches_only) notes.emplace_back("touches only: not a load");
}

void add_comparability(const CaseAnalysis& analysis, const CaseAnalysis* baseline,
                       std::vector<std::string>& notes) {
  if (baseline == nullptr || analysis.is_baseline) return;
  const CaseRecord& record = *analysis.record;
  if (record.model_bytes != baseline->record->model_bytes) {
    notes.push_back(fmt::format("not compared: it loads {}, the baseline {}",
                                format_bytes_decimal(record.model_bytes),
                                format_bytes_decimal(baseline->record->model_bytes)));
  } else if (baseline->touches_only && !analysis.touches_only) {
    notes.emplace_back("not compared: the baseline touches only");
  }
}

struct Reasons {
  size_t count = 0;
  std::string first;
  bool differ = false;

  void add(const std::string& reason) {
    ++count;
    if (first.empty()) first = reason;
    differ = differ || reason != first;
  }
  [[nodiscard]] std::string in_words(std::string_view what) const {
    const std::string why = first.empty() ? "" : fmt::format(": {}{}", first, differ ? ", …" : "");
    return fmt::format("{} run{} {}{}", count, count == 1 ? "" : "s", what, why);
  }
};

void add_runs(const CaseAnalysis& analysis, const ResultDocument& document, std::vector<std::string>& notes) {
  Reasons unproved;
  Reasons disturbed;
  const RunRecord* valid = nullptr;
  bool verified = false;
  for (const RunRecord& run : document.runs) {
    if (run.case_id != analysis.record->id) continue;
    verified = verified || run.repetition == 0;
    if (run.repetition == 0 || run.status != RunStatus::ok) continue;
    if (!run.proof.valid) unproved.add(run.proof.reason);
    if (!run.disturbed.empty()) disturbed.add(run.disturbed.front());
    if (valid == nullptr && run.proof.valid) valid = &run;
  }
  if (verified && analysis.attempted_count == 0) notes.emplace_back("only the verifying run took place");
  if (unproved.count != 0) notes.push_back(unproved.in_words("not counted"));
  if (disturbed.count != 0) notes.push_back(disturbed.in_words("disturbed"));
  if (valid == nullptr) return;
  if (valid->proof.kind == ProofKind::bytes && !valid->proof.reason.empty()) {
    notes.push_back("proved by device bytes alone: " + valid->proof.reason);
  }
  if (!valid->proof.caveat.empty()) notes.push_back(valid->proof.caveat);
}

// Fewer runs, or a wider interval, than the scenario asked for.
void add_what_was_asked(const CaseAnalysis& analysis, const ResultDocument& document,
                        std::vector<std::string>& notes) {
  const json::object* run = json::object_at(document.scenario, "run");
  if (run == nullptr || analysis.valid_count == 0) return;
  if (analysis.held_back) {
    notes.push_back(fmt::format("held back by max_bandwidth, {}: that was measured, not the storage",
                                format_rate(json::number_or(*run, "max_bandwidth"))));
  }
  const uint64_t wanted = json::unsigned_or(*run, "repetitions_min");
  const std::string_view stopped = json::text_or(document.scenario, "stopped");
  const std::string_view ending = stopped.empty() ? ending_in_words(document) : stopped;
  if (!ending.empty() && analysis.valid_count < wanted && analysis.record->cache != "first-start") {
    notes.push_back(fmt::format("{} of {} runs: {}", analysis.valid_count, wanted, ending));
    return;
  }
  const double asked = json::number_or(*run, "until_ci");
  const Summary& all = analysis.cold_load;
  const double reached =
      all.median > 0 ? (all.median_interval.high - all.median_interval.low) / all.median : 0;
  if (asked > 0 && reached > asked) {
    notes.push_back(fmt::format("interval wider than the {} asked for", percent_in_words(asked)));
  }
}

}  // namespace

std::vector<std::string> notes_of(const CaseAnalysis& analysis, const ResultDocument& document,
                                  const CaseAnalysis* baseline) {
  std::vector<std::string> notes;
  add_what_it_is_not(*analysis.record, analysis.touches_only, notes);
  // Nothing to add to the reason of a case that was not measured.
  if (analysis.record->status != CaseStatus::ok) return notes;
  if (!analysis.record->reason.empty()) notes.push_back(analysis.record->reason);
  add_comparability(analysis, baseline, notes);
  add_what_was_asked(analysis, document, notes);
  add_runs(analysis, document, notes);
  return notes;
}

}  // namespace coldload
