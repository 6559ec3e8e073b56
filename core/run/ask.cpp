#include "core/run/ask.hpp"

#include <utility>

#include "core/run/header.hpp"

namespace coldload {
namespace {

constexpr uint64_t kSurveyTimeoutNs = 60'000'000'000;
constexpr uint64_t kProbeTimeoutNs = 120'000'000'000;
// Somebody waits for it and may stop it; a week is for whoever forgot.
constexpr uint64_t kStageTimeoutNs = 7 * 86'400'000'000'000;
// Twice what a component may need to see that a server is not there.
constexpr uint64_t kDiagnoseTimeoutNs = 60'000'000'000;
constexpr uint64_t kDiscardTimeoutNs = 120'000'000'000;

// The answer of a worker that is no run, or why there is none.
Result<json::object> answer_of(const WorkerOutcome& outcome, uint64_t timeout_ns) {
  const std::string_view event = json::text_or(outcome.answer, "event");
  if (outcome.end == WorkerOutcome::End::answered && event != "failed") return outcome.answer;
  if (event == "failed") {
    return fail(static_cast<Status>(json::integer_or(outcome.answer, "status")),
                std::string(json::text_or(outcome.answer, "message")));
  }
  const RunRecord record = record_of(outcome, timeout_ns);
  const Status status = record.status == RunStatus::timed_out   ? Status::timed_out
                        : record.status == RunStatus::cancelled ? Status::cancelled
                                                                : Status::internal;
  return fail(status, record.reason);
}

Result<std::vector<ProbeRecord>> probes_of(const json::object& answer) {
  const json::array* records = json::array_at(answer, "probes");
  if (records == nullptr) return fail(Status::internal, "the worker gave no probes");
  std::vector<ProbeRecord> probes;
  for (const json::value& element : *records) {
    auto probe = probe_record_from_json(element);
    if (!probe) return pass(probe);
    probes.push_back(std::move(*probe));
  }
  return probes;
}

StagedCopy staged_copy_of(const json::object& answer) {
  StagedCopy copy;
  copy.copied = json::bool_or(answer, "copied");
  copy.files = json::unsigned_or(answer, "files");
  copy.bytes = json::unsigned_or(answer, "bytes");
  copy.copy_ns = json::unsigned_or(answer, "copy_ns");
  if (const json::array* disturbed = json::array_at(answer, "disturbed")) {
    for (const json::value& reason : *disturbed) {
      if (reason.is_string()) copy.disturbed.emplace_back(reason.get_string());
    }
  }
  return copy;
}

}  // namespace

Surveyor make_surveyor(Supervisor& supervisor, const Registry& registry) {
  return [&supervisor, &registry](const SurveyRequest& asked) -> Result<Survey> {
    WorkerRequest request;
    request.operation = Operation::survey;
    request.plugin_files = plugin_files_for(registry, asked.backend, asked.strategy);
    request.base_directory = asked.base_directory;
    request.backend = asked.backend;
    request.strategy = asked.strategy;
    request.model_path = asked.model_path;
    const auto answer = answer_of(supervisor.execute(request, kSurveyTimeoutNs, nullptr), kSurveyTimeoutNs);
    if (!answer) return pass(answer);
    const json::value* survey = answer->if_contains("survey");
    if (survey == nullptr) return fail(Status::internal, "the worker gave no survey");
    return survey_from_json(*survey);
  };
}

Result<std::vector<ProbeRecord>> probe_in_worker(Supervisor& supervisor, const Registry& registry,
                                                 const Case* planned, const std::string& base_directory) {
  WorkerRequest request;
  request.operation = Operation::probe;
  request.base_directory = base_directory;
  if (planned != nullptr) {
    request.plugin_files = plugin_files_for(registry, planned->backend, planned->strategy);
    request.backend = planned->backend;
    for (const ModelObject& object : planned->objects) {
      if (object.is_item) request.items.push_back(object);
    }
  }
  const auto answer = answer_of(supervisor.execute(request, kProbeTimeoutNs, nullptr), kProbeTimeoutNs);
  if (!answer) return pass(answer);
  return probes_of(*answer);
}

Result<DeviceProbe> probe_destination_in_worker(Supervisor& supervisor, const Registry& registry,
                                                const ComponentSpec& destination,
                                                const std::string& base_directory) {
  WorkerRequest request;
  request.operation = Operation::probe;
  request.base_directory = base_directory;
  request.destination_plugin = destination;
  request.plugin_files = plugin_files_for(registry, {}, {}, destination);
  const auto answer = answer_of(supervisor.execute(request, kProbeTimeoutNs, nullptr), kProbeTimeoutNs);
  if (!answer) return pass(answer);
  auto ceilings = probes_of(*answer);
  if (!ceilings) return pass(ceilings);
  DeviceProbe probe{std::move(*ceilings), {}};
  if (const json::object* facts = json::object_at(*answer, "facts")) probe.facts = *facts;
  return probe;
}

Result<StagedCopy> stage_in_worker(Supervisor& supervisor, const Registry& registry,
                                   const BackendChain& chain, const std::string& base_directory, bool verify,
                                   const Supervisor::ProgressCallback& progress) {
  WorkerRequest request;
  request.operation = Operation::stage;
  request.base_directory = base_directory;
  request.plugin_files = plugin_files_for(registry, chain, {});
  request.backend = chain;
  request.verify = verify;
  const auto answer = answer_of(supervisor.execute(request, kStageTimeoutNs, progress), kStageTimeoutNs);
  if (!answer) return pass(answer);
  return staged_copy_of(*answer);
}

Result<StagedCopy> rehearse_stage_in_worker(Supervisor& supervisor, const Registry& registry,
                                            const BackendChain& chain, const std::string& base_directory) {
  WorkerRequest request;
  request.operation = Operation::rehearse_stage;
  request.base_directory = base_directory;
  request.plugin_files = plugin_files_for(registry, chain, {});
  request.backend = chain;
  const auto answer = answer_of(supervisor.execute(request, kSurveyTimeoutNs, nullptr), kSurveyTimeoutNs);
  if (!answer) return pass(answer);
  return staged_copy_of(*answer);
}

Result<void> discard_in_worker(Supervisor& supervisor, const Registry& registry, const BackendChain& chain,
                               const std::string& model_path, const std::string& base_directory) {
  WorkerRequest request;
  request.operation = Operation::discard;
  request.base_directory = base_directory;
  request.plugin_files = plugin_files_for(registry, chain, {});
  request.backend = chain;
  request.model_path = model_path;
  const auto answer = answer_of(supervisor.execute(request, kDiscardTimeoutNs, nullptr), kDiscardTimeoutNs);
  if (!answer) return pass(answer);
  return {};
}

Facts diagnose_in_worker(Supervisor& supervisor, const Registry& registry, WorkerRequest request,
                         const std::string& subject) {
  request.operation = Operation::diagnose;
  request.plugin_files = plugin_files_for(registry, request.backend, request.strategy);
  const auto answer = answer_of(supervisor.execute(request, kDiagnoseTimeoutNs, nullptr), kDiagnoseTimeoutNs);
  const json::array* told = answer ? json::array_at(*answer, "facts") : nullptr;
  Result<Facts> facts = told != nullptr ? facts_from_json(*told)
                        : answer        ? Result<Facts>(fail(Status::internal, "the worker gave no facts"))
                                        : Result<Facts>(pass(answer));
  if (facts) return std::move(*facts);
  return {{subject, FactLevel::error, "its worker gave no answer", facts.error().message,
           "see whether its storage or server hangs; if it is the plugin that crashed, take that out"}};
}

}  // namespace coldload
