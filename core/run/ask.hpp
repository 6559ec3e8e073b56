// Questions that a worker answers without a run: what is there and what it can, and how fast this machine is.
#pragma once

#include <string>
#include <vector>

#include "core/plan/plan.hpp"
#include "core/plugin/registry.hpp"
#include "core/record/document.hpp"
#include "core/record/fact.hpp"
#include "core/run/preparation.hpp"
#include "core/run/supervisor.hpp"

namespace coldload {

// Asks a worker about one backend and strategy: the planner's surveyor.
[[nodiscard]] Surveyor make_surveyor(Supervisor& supervisor, const Registry& registry);

// Ceilings of a backend (with the items of one of its cases), or of this machine's memory where `planned` is
// null.
[[nodiscard]] Result<std::vector<ProbeRecord>> probe_in_worker(Supervisor& supervisor,
                                                               const Registry& registry, const Case* planned,
                                                               const std::string& base_directory);

// Ceilings of a destination's device, and what the device is. Error (unsupported): there is none here.
struct DeviceProbe {
  std::vector<ProbeRecord> ceilings;
  json::object facts;
};
[[nodiscard]] Result<DeviceProbe> probe_destination_in_worker(Supervisor& supervisor,
                                                              const Registry& registry,
                                                              const ComponentSpec& destination,
                                                              const std::string& base_directory);

// Makes a staging chain's copy, whole, unless it is there; see Operation::stage.
[[nodiscard]] Result<StagedCopy> stage_in_worker(Supervisor& supervisor, const Registry& registry,
                                                 const BackendChain& chain, const std::string& base_directory,
                                                 bool verify, const Supervisor::ProgressCallback& progress);

// What stage_in_worker() would do and how it would fail, as far as can be known without writing.
[[nodiscard]] Result<StagedCopy> rehearse_stage_in_worker(Supervisor& supervisor, const Registry& registry,
                                                          const BackendChain& chain,
                                                          const std::string& base_directory);

// After the last run: removes what a staging chain prepared below `model_path`, unless its options say that
// it stays.
[[nodiscard]] Result<void> discard_in_worker(Supervisor& supervisor, const Registry& registry,
                                             const BackendChain& chain, const std::string& model_path,
                                             const std::string& base_directory);

// Facts about a backend and the model on it (or, where `request.backend` is empty, about the strategy), for
// the fields that Operation::diagnose reads; plugin files are filled in. A worker that dies or does not
// answer is an error among the facts of `subject`. [control-thread]
[[nodiscard]] Facts diagnose_in_worker(Supervisor& supervisor, const Registry& registry,
                                       WorkerRequest request, const std::string& subject);

}  // namespace coldload
