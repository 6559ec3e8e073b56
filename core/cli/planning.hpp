// From what a command was given to a plan: the steps that run, quick, plan and probe share.
#pragma once

#include <expected>
#include <string>

#include "core/cli/commands.hpp"
#include "core/plan/plan.hpp"
#include "core/plugin/registry.hpp"
#include "core/run/supervisor.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

// The scenario with the command line's repetitions and seed; mistakes were printed where it fails.
[[nodiscard]] std::expected<Scenario, ExitCode> scenario_of_file(const RunCommand& command,
                                                                 const Registry& registry);
// Likewise of `quick DIR`: a Hugging Face cache entry stands for its snapshot.
[[nodiscard]] std::expected<Scenario, ExitCode> scenario_of_directory(const RunCommand& command,
                                                                      const Registry& registry);

[[nodiscard]] std::expected<Plan, ExitCode> plan_of(const Scenario& scenario, const std::string& only,
                                                    const Registry& registry, Supervisor& supervisor);

}  // namespace coldload
