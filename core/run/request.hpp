// What the parent asks a worker process to do, and the events it answers with: one JSON object per line each
// way. The same lines would carry a run to another machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/result.hpp"
#include "core/plan/plan.hpp"
#include "core/plugin/component_spec.hpp"
#include "core/run/proof.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

// diagnose: facts about the backend, or without one about the strategy, for `coldload doctor`.
// survey: what make_plan() asks; without a strategy the model is only listed, and has to be
// whole.
// stage: what a staging backend needs is made, whatever will read it; rehearse_stage: as far as can be
// known without writing; discard: it is not needed any more.
enum class Operation { run, survey, probe, stage, rehearse_stage, discard, diagnose };

struct WorkerRequest {
  Operation operation = Operation::run;
  std::vector<std::string> plugin_files;  // absolute; only these are loaded
  std::string base_directory;             // of relative paths in options
  BackendChain backend;
  ComponentSpec strategy;
  std::string model_path;
  // Of operation run:
  std::string destination;
  std::optional<ComponentSpec> destination_plugin;  // of probe too: its ceilings are taken
  CacheState cache = CacheState::cold;
  std::vector<ModelObject> items;
  bool synthetic = false;
  bool verify = false;
  bool disturb = false;      // may evict and warm what other processes use
  bool drop_caches = false;  // after evicting file by file: the whole machine's
  bool quiet = true;
  ResidencyBy residency = ResidencyBy::best;
  uint64_t pool_bytes = 0;
  std::optional<uint64_t> max_bandwidth;
};

[[nodiscard]] json::value to_json(const WorkerRequest& request);
[[nodiscard]] Result<WorkerRequest> worker_request_from_json(const json::value& document);

[[nodiscard]] json::value to_json(const Survey& survey);
[[nodiscard]] Result<Survey> survey_from_json(const json::value& document);

// Where a worker's events go: the pipe, or straight to the parent with --in-process. [any-thread]
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void phase(std::string_view name) = 0;
  virtual void progress(uint64_t delivered_bytes, uint64_t total_bytes) = 0;
  virtual void log(uint32_t level, std::string_view message) = 0;
};

}  // namespace coldload
