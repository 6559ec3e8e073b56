// Which runs a scenario means, in order. Making it asks the backends what is there and what they can, and
// reads no model data.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/instance.hpp"
#include "core/plugin/registry.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

// One *.safetensors object, or a small file that is staged but not loaded.
struct ModelObject {
  std::string key;   // on this backend
  std::string name;  // relative to the model's directory: equal across backends
  uint64_t size_bytes = 0;
  bool is_item = false;
};

// What one backend said about the model, and one strategy about itself: asked in a child process, which may
// die.
struct SurveyRequest {
  BackendChain backend;
  ComponentSpec
      strategy;  // without a component: nothing is asked of one, the model is listed, if it is whole
  std::string model_path;
  std::string base_directory;
};
struct Survey {
  std::string model_path;             // as asked; of a Hugging Face cache entry, its snapshot
  std::vector<ListedObject> objects;  // below model_path
  EffectiveOptions backend_options;
  EffectiveOptions strategy_options;
  bool emulated = false;
  bool synthetic = false;
  bool external = false;
  bool stages = false;              // the backend offers COLDLOAD_EXT_PREPARE: there is a first start
  uint32_t capabilities = 0;        // of objects, opened as the strategy wants them
  uint32_t needs_capabilities = 0;  // of the strategy
  uint32_t open_flags = 0;
  uint64_t buffer_bytes = 0;
  uint32_t buffers_in_flight = 0;
  uint32_t memory_alignment_bytes = 1;  // of strategy and objects together
  uint32_t thread_count = 0;
  uint64_t own_time_ns = 0;  // of load and teardown, over and above the bytes' reading
  std::vector<std::string> missing_extensions;
  std::optional<std::string> unsupported;  // requirements() or probe() said so, and why
};
using Surveyor = std::function<Result<Survey>(const SurveyRequest&)>;

struct Case {
  std::string id;  // backend/strategy[,option=value…]/destination/cache
  BackendChain backend;
  ComponentSpec strategy;
  std::string destination;  // "stream", "host", or the name of the table of `destination_plugin`
  std::optional<ComponentSpec> destination_plugin;
  CacheState cache = CacheState::cold;
  std::string model_path;            // on this backend
  std::vector<ModelObject> objects;  // items and small files; of a sample only the chosen shards are items
  bool sampled = false;
  Survey survey;  // `objects` moved out of it
  std::optional<std::string> skip_reason;
  // The backend or strategy could not be asked: it crashed, hung, answered nonsense; or the model is not
  // whole. The case is not skipped: it leaves a failed record with this reason.
  std::optional<Error> survey_failed;
  // The case it is compared with; its own id for the baseline itself; empty where none runs.
  std::string baseline_id;
  [[nodiscard]] bool runs() const { return !skip_reason && !survey_failed; }
  [[nodiscard]] bool is_direct() const { return (survey.open_flags & COLDLOAD_OPEN_DIRECT) != 0; }
  [[nodiscard]] uint64_t item_bytes() const;
};

// What the machine allows: taken once, before planning.
struct PlanLimits {
  uint64_t ram_bytes = 0;  // min(MemAvailable, cgroup headroom)
  std::string ram_source;  // "MemAvailable", "cgroup memory.max"
};

struct Plan {
  Scenario scenario;
  std::vector<Case> cases;
  std::vector<std::string> notes;  // what its reader should know: a baseline that does not run
  uint64_t model_bytes = 0;        // of all items
  uint64_t loaded_bytes = 0;       // of the items that are loaded (smaller when sampled)
};

struct PlanOptions {
  std::string only;  // a glob over case ids; "" is all
  PlanLimits limits;
};

// Errors: diagnostics where the scenario and what is there do not agree (no such model, sizes that differ
// across backends, a glob that matches nothing, too many cases). A pairing that cannot run is a case with a
// skip_reason, one that could not be asked a case with survey_failed. `surveyor` is called once for each
// backend and strategy as configured.
[[nodiscard]] std::expected<Plan, Diagnostics> make_plan(const Scenario& scenario, const Registry& registry,
                                                         const Surveyor& surveyor,
                                                         const PlanOptions& options);

// Order of the cases in round `repetition` (0 verifies), as indexes: every case once, shuffled by the seed
// and rotated so that no case always follows the same neighbour. The same seed gives the same order
// everywhere. Pure.
[[nodiscard]] std::vector<size_t> round_order(const Plan& plan, uint32_t repetition);

}  // namespace coldload
