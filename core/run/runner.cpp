#include "core/run/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/file.hpp"
#include "core/base/units.hpp"
#include "core/plan/objects.hpp"
#include "core/record/environment.hpp"
#include "core/run/ask.hpp"
#include "core/run/ceilings.hpp"
#include "core/run/first_files.hpp"
#include "core/run/header.hpp"
#include "core/run/in_process.hpp"
#include "core/run/time_limit.hpp"
#include "core/statistics/summary.hpp"

namespace coldload {
namespace {

// A case's runs so far.
struct CaseState {
  std::vector<double> valid_ns;
  uint32_t attempts = 0;  // repetitions > 0 that took place
  bool ended = false;     // nothing more of it is run
  uint64_t last_wall_ns = 0;
};

class Runner {
 public:
  Runner(const Plan& plan, const Registry& registry, ResultDocument header, Journal& journal,
         Supervisor& supervisor, const RunnerOptions& options, const RunnerCallbacks& callbacks)
      : plan_(plan),
        registry_(registry),
        document_(std::move(header)),
        journal_(journal),
        supervisor_(supervisor),
        options_(options),
        callbacks_(callbacks),
        states_(plan.cases.size()),
        began_ns_(now_ns()) {}

  Result<ResultDocument> execute();

 private:
  [[nodiscard]] Result<void> record_what_cannot_run();
  [[nodiscard]] Result<void> measure_ceilings(std::string_view moment);
  [[nodiscard]] Result<void> run_rounds();
  [[nodiscard]] Result<void> run_round(uint32_t repetition);
  [[nodiscard]] Result<void> run_one(size_t index, uint32_t repetition);
  [[nodiscard]] Result<void> append(RunRecord record, size_t index, uint32_t repetition);
  [[nodiscard]] WorkerRequest request_for(const Case& planned, uint32_t repetition) const;
  [[nodiscard]] bool verifies(size_t index) const;
  [[nodiscard]] bool wants_more(size_t index) const;
  [[nodiscard]] bool must_stop(size_t index);
  [[nodiscard]] size_t expected_runs() const;
  void end_disagreeing_cases();
  void discard_copies();
  void end_backend_of(size_t index, const std::string& reason);
  void report_progress(size_t index, uint32_t repetition, const WorkerProgress& worker,
                       uint64_t load_began_ns) const;
  [[nodiscard]] const RunSettings& settings() const { return plan_.scenario.run; }

  const Plan& plan_;
  const Registry& registry_;
  ResultDocument document_;
  Journal& journal_;
  Supervisor& supervisor_;
  const RunnerOptions& options_;
  const RunnerCallbacks& callbacks_;
  std::vector<CaseState> states_;
  std::map<std::string, std::string> hung_backends_;  // name -> reason
  FirstFiles first_files_;
  uint64_t began_ns_;
  uint64_t sequence_ = 0;
  size_t done_runs_ = 0;
  bool stopped_ = false;
  std::string stop_reason_;
};

Result<void> Runner::append(RunRecord record, size_t index, uint32_t repetition) {
  record.case_id = plan_.cases[index].id;
  record.repetition = repetition;
  record.sequence = sequence_++;
  if (record.started_at.empty()) record.started_at = utc_now();
  auto written = journal_.append(record);
  if (!written) return written;
  callbacks_.finished(record);
  document_.runs.push_back(std::move(record));
  return {};
}

Result<void> Runner::record_what_cannot_run() {
  for (size_t index = 0; index < plan_.cases.size(); ++index) {
    const Case& planned = plan_.cases[index];
    if (!planned.skip_reason && !planned.survey_failed) continue;
    states_[index].ended = true;
    RunRecord record;
    record.status = planned.survey_failed ? RunStatus::failed : RunStatus::skipped;
    record.reason = planned.survey_failed ? planned.survey_failed->message : *planned.skip_reason;
    record.bytes.model = planned.item_bytes();
    record.proof.method = "none";
    record.proof.reason = "nothing was run";
    auto appended = append(std::move(record), index, 0);
    if (!appended) return appended;
  }
  return {};
}

// What has ended before anything ran needs no ceiling; what ended meanwhile had runs that one may bound.
Result<void> Runner::measure_ceilings(std::string_view moment) {
  if (!settings().probe || stopped_) return {};
  std::vector<const Case*> storage;
  std::vector<const Case*> devices;
  for (size_t index = 0; index < plan_.cases.size(); ++index) {
    if (!states_[index].ended || moment != "first") storage.push_back(&plan_.cases[index]);
    if (!states_[index].ended) devices.push_back(&plan_.cases[index]);
  }
  return take_ceilings({plan_, registry_, supervisor_, journal_, moment}, storage, devices, document_);
}

bool Runner::verifies(size_t index) const {
  switch (settings().verify) {
    case Verify::off:
      return false;
    case Verify::each_case:
      return true;
    case Verify::each_backend:
      break;
  }
  for (size_t earlier = 0; earlier < index; ++earlier) {
    if (plan_.cases[earlier].backend.back().name == plan_.cases[index].backend.back().name &&
        !states_[earlier].ended)
      return false;
  }
  return true;
}

// Until the interval of the median is narrow enough, or the maximum is reached. Runs without valid proof are
// repeated, but not for ever.
bool Runner::wants_more(size_t index) const {
  const CaseState& state = states_[index];
  if (state.ended) return false;
  const RunSettings& run = settings();
  // A copy has its own number: it costs and writes more than a load.
  const bool copies = plan_.cases[index].cache == CacheState::first_start;
  const uint32_t wanted_max = copies ? run.copies : run.repetitions_max;
  if (state.attempts >= wanted_max + std::max<uint32_t>(wanted_max / 2, 2)) return false;
  if (state.valid_ns.size() < (copies ? run.copies : run.repetitions_min)) return true;
  if (!run.until_ci || state.valid_ns.size() >= wanted_max) return false;
  const Summary summary = summarize(state.valid_ns, settings().seed);
  return summary.median_interval.high - summary.median_interval.low > *run.until_ci * summary.median;
}

bool Runner::must_stop(size_t index) {
  if (stopped_) return true;
  const RunSettings& run = settings();
  if (supervisor_.interrupt().pending()) {
    stopped_ = true;
    document_.interrupted = true;
    stop_reason_ = "interrupted";
  } else if (run.budget_ns) {
    const uint64_t elapsed = now_ns() - began_ns_;
    if (elapsed + states_[index].last_wall_ns > *run.budget_ns) {
      stopped_ = true;
      stop_reason_ = fmt::format("the budget of {} was spent", format_duration(*run.budget_ns));
    }
  }
  return stopped_;
}

size_t Runner::expected_runs() const {
  size_t runs = done_runs_;
  for (size_t index = 0; index < states_.size(); ++index) {
    if (states_[index].ended) continue;
    const size_t valid = states_[index].valid_ns.size();
    const size_t wanted =
        plan_.cases[index].cache == CacheState::first_start ? settings().copies : settings().repetitions_min;
    if (valid < wanted) runs += wanted - valid;
    if (states_[index].attempts == 0 && verifies(index) && states_[index].last_wall_ns == 0) ++runs;
  }
  return runs;
}

WorkerRequest Runner::request_for(const Case& planned, uint32_t repetition) const {
  WorkerRequest request;
  request.operation = Operation::run;
  request.plugin_files =
      plugin_files_for(registry_, planned.backend, planned.strategy, planned.destination_plugin);
  request.base_directory = plan_.scenario.base_directory;
  request.backend = planned.backend;
  request.strategy = planned.strategy;
  request.model_path = planned.survey.model_path;
  request.destination = planned.destination;
  request.destination_plugin = planned.destination_plugin;
  request.cache = planned.cache;
  for (const ModelObject& object : planned.objects) {
    if (object.is_item) request.items.push_back(object);
  }
  request.synthetic = planned.survey.synthetic;
  request.verify = repetition == 0;
  request.disturb = options_.disturb;
  request.drop_caches = options_.drop_caches;
  request.quiet = settings().require_quiet;
  request.residency = options_.residency;
  request.pool_bytes = settings().pool_bytes;
  request.max_bandwidth = settings().max_bandwidth;
  return request;
}

void Runner::report_progress(size_t index, uint32_t repetition, const WorkerProgress& worker,
                             uint64_t load_began_ns) const {
  RunnerProgress progress;
  progress.run = done_runs_ + 1;
  progress.run_count = std::max(expected_runs(), progress.run);
  progress.case_id = plan_.cases[index].id;
  progress.repetition = repetition;
  progress.worker = worker;
  const uint64_t now = now_ns();
  progress.elapsed_ns = now - began_ns_;
  if (load_began_ns != 0) progress.load_elapsed_ns = now - load_began_ns;
  if (done_runs_ > 0) {
    progress.remaining_ns = progress.elapsed_ns / done_runs_ * (progress.run_count - done_runs_);
  }
  callbacks_.progress(progress);
}

void Runner::end_backend_of(size_t index, const std::string& reason) {
  hung_backends_[plan_.cases[index].backend.back().name] = reason;
}

Result<void> Runner::run_one(size_t index, uint32_t repetition) {
  const Case& planned = plan_.cases[index];
  CaseState& state = states_[index];
  const auto hung = hung_backends_.find(planned.backend.back().name);
  if (hung != hung_backends_.end()) {
    state.ended = true;
    RunRecord skipped;
    skipped.status = RunStatus::skipped;
    skipped.reason = fmt::format("backend \"{}\": {}", hung->first, hung->second);
    skipped.proof.method = "none";
    return append(std::move(skipped), index, repetition);
  }
  uint64_t load_began_ns = 0;
  const auto on_progress = [&](const WorkerProgress& worker) {
    if (worker.phase == "load" && load_began_ns == 0) load_began_ns = now_ns();
    if (worker.phase != "load") load_began_ns = 0;
    report_progress(index, repetition, worker, load_began_ns);
  };
  report_progress(index, repetition, {}, 0);
  const uint64_t timeout_ns = time_limit_of(planned, settings(), document_.probes);
  const WorkerRequest request = request_for(planned, repetition);
  const std::string started_at = utc_now();
  const uint64_t began = now_ns();
  const WorkerOutcome outcome = options_.in_process ? execute_in_process(request, on_progress)
                                                    : supervisor_.execute(request, timeout_ns, on_progress);
  state.last_wall_ns = now_ns() - began;
  RunRecord record = record_of(outcome, timeout_ns);
  record.started_at = started_at;
  if (record.bytes.model == 0) record.bytes.model = planned.item_bytes();
  first_files_.hold_to(planned.backend, record);
  if (outcome.hung) end_backend_of(index, "an earlier worker hangs in the kernel and outlived SIGKILL");
  ++done_runs_;
  if (repetition > 0) ++state.attempts;
  // A case that cannot end well leaves one record, not one per repetition.
  if (record.status != RunStatus::ok) state.ended = true;
  if (record.status == RunStatus::ok && repetition > 0 && record.proof.valid) {
    const bool copied = planned.cache == CacheState::first_start;
    state.valid_ns.push_back(static_cast<double>(copied ? record.first_start_ns : record.cold_load_ns));
  }
  return append(std::move(record), index, repetition);
}

// Bytes that differ from what the other cases saw end a case: its times are times of something else.
void Runner::end_disagreeing_cases() {
  ResultDocument judged;
  judged.cases = document_.cases;
  judged.runs = document_.runs;
  if (judge_cases(judged) == 0) return;
  for (size_t index = 0; index < judged.cases.size(); ++index) {
    if (judged.cases[index].status == CaseStatus::failed) states_[index].ended = true;
  }
}

// Of every staging backend once, with all that its chain says. An interrupted scenario leaves them, since
// somebody waits at the terminal, and says so.
void Runner::discard_copies() {
  std::set<std::string> done;
  for (const Case& planned : plan_.cases) {
    if (!planned.runs() || !planned.survey.stages) continue;
    if (hung_backends_.contains(planned.backend.back().name) || !done.insert(text_of(planned.backend)).second)
      continue;
    if (supervisor_.interrupt().pending()) {
      callbacks_.warning(fmt::format(
          "backend \"{}\": interrupted, so a copy that was made stays on its target; the next run of "
          "this scenario takes it, and removes it at its end",
          planned.backend.back().name));
      continue;
    }
    const auto discarded = discard_in_worker(supervisor_, registry_, planned.backend,
                                             planned.survey.model_path, plan_.scenario.base_directory);
    if (!discarded)
      callbacks_.warning(fmt::format("backend \"{}\": a copy that it made was not taken away: {}",
                                     planned.backend.back().name, discarded.error().message));
  }
}

Result<void> Runner::run_round(uint32_t repetition) {
  for (const size_t index : round_order(plan_, repetition)) {
    const bool wanted = repetition == 0 ? !states_[index].ended && verifies(index) : wants_more(index);
    if (!wanted) continue;
    if (must_stop(index)) return {};
    auto done = run_one(index, repetition);
    if (!done) return done;
  }
  return {};
}

Result<void> Runner::run_rounds() {
  auto verified = run_round(0);
  if (!verified) return verified;
  end_disagreeing_cases();
  for (uint32_t repetition = 1; !stopped_; ++repetition) {
    bool wanted = false;
    for (size_t index = 0; index < states_.size(); ++index) wanted = wanted || wants_more(index);
    if (!wanted) return {};
    auto done = run_round(repetition);
    if (!done) return done;
  }
  return {};
}

Result<ResultDocument> Runner::execute() {
  auto done = record_what_cannot_run();
  if (done) done = measure_ceilings("first");
  if (done) done = run_rounds();
  if (done) done = measure_ceilings("last");
  discard_copies();
  if (!done) return pass(done);
  if (supervisor_.interrupt().pending()) document_.interrupted = true;
  document_.ended_at = utc_now();
  judge_cases(document_);
  for (CaseRecord& record : document_.cases) {
    if (record.status == CaseStatus::not_measured && !stop_reason_.empty()) record.reason = stop_reason_;
  }
  if (stopped_) document_.scenario["stopped"] = stop_reason_;
  return std::move(document_);
}

}  // namespace

Result<ResultDocument> execute_plan(const Plan& plan, const Registry& registry, ResultDocument header,
                                    Journal& journal, Supervisor& supervisor, const RunnerOptions& options,
                                    const RunnerCallbacks& callbacks) {
  return Runner(plan, registry, std::move(header), journal, supervisor, options, callbacks).execute();
}

}  // namespace coldload
