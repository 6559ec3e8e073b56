// Putting a scenario's model where it is missing: which backends lack it, and what would bring it there.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plan/plan.hpp"
#include "core/plugin/registry.hpp"
#include "core/run/preparation.hpp"
#include "core/run/supervisor.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

enum class ProvisionAction { present, copy, generate, impossible };

// One backend of the scenario that holds objects itself (not one that is built on others). A swept option
// that leads to several places makes a step of each; then `backend` carries it, as a case id does.
struct ProvisionStep {
  std::string backend;
  std::string place;  // "/mnt/nvme/models/qwen2.5-7b", for messages
  ProvisionAction action = ProvisionAction::present;
  std::string from;                     // copy: the backend that has it; generate: what the model is like
  std::string reason;                   // impossible: why, and what to do
  Status status = Status::unsupported;  // impossible: the error's
  bool stands = false;                  // a model is there, whole or not: for removing
  BackendChain chain;                   // copy, generate, and for removing: the staging backend that does it
  std::string root;                     // what the place lies below, absolute; empty where it is no directory
  std::string path;                     // of the model below it
  std::string scratch;                  // generate: a directory of ours in the root; gone afterwards
};

// In the order of the scenario; strategies do not matter. Reads no weights, writes nothing. [control-thread]
[[nodiscard]] std::vector<ProvisionStep> plan_provision(const Scenario& scenario, const Registry& registry,
                                                        const Surveyor& surveyor);

// Before anything is made or taken away: what earlier ones left in these roots that were killed. Tells a line
// each. [control-thread]
using TellPlace = std::function<void(const std::string& line)>;
void sweep_provisioned(const std::vector<ProvisionStep>& steps, const TellPlace& tell);

// Makes one copy, or the model and its copy, reads it back and compares. Where it fails, the directories
// that it made go again. Error (cancelled): SIGINT.
// [control-thread]
[[nodiscard]] Result<StagedCopy> provision(const ProvisionStep& step, const Scenario& scenario,
                                           const Registry& registry, Supervisor& supervisor,
                                           const Supervisor::ProgressCallback& progress);

// Takes away what provision() put there, with the directories above it that it made, if they are empty; what
// carries no manifest of ours is refused. [control-thread]
[[nodiscard]] Result<void> unprovision(const ProvisionStep& step, const Scenario& scenario,
                                       const Registry& registry, Supervisor& supervisor);

}  // namespace coldload
