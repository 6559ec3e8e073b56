#include "core/cli/planning.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "core/cli/quick.hpp"
#include "core/model/directory.hpp"
#include "core/record/environment.hpp"
#include "core/run/ask.hpp"
#include "core/scenario/parse.hpp"

namespace coldload {
namespace {

std::expected<Scenario, ExitCode> with_overrides(std::expected<Scenario, Diagnostics> scenario,
                                                 const RunCommand& command) {
  if (!scenario) {
    print_mistakes(scenario.error());
    return std::unexpected(ExitCode::usage);
  }
  if (command.repetitions) {
    scenario->run.repetitions_min = *command.repetitions;
    scenario->run.repetitions_max = *command.repetitions;
    scenario->run.until_ci.reset();
  }
  if (command.seed) scenario->run.seed = *command.seed;
  return std::move(*scenario);
}

}  // namespace

std::expected<Scenario, ExitCode> scenario_of_file(const RunCommand& command, const Registry& registry) {
  return with_overrides(read_scenario(command.scenario, registry), command);
}

std::expected<Scenario, ExitCode> scenario_of_directory(const RunCommand& command, const Registry& registry) {
  const auto directory = resolve_model_directory(command.scenario);
  if (!directory) {
    print_error(directory.error());
    return std::unexpected(exit_code_of(directory.error()));
  }
  std::error_code error;
  const auto absolute = std::filesystem::absolute(*directory, error);
  return with_overrides(parse_scenario(quick_scenario(absolute), "quick",
                                       std::filesystem::current_path(error).string(), registry),
                        command);
}

std::expected<Plan, ExitCode> plan_of(const Scenario& scenario, const std::string& only,
                                      const Registry& registry, Supervisor& supervisor) {
  const MemoryHeadroom memory = memory_headroom();
  PlanOptions options;
  options.only = only;
  options.limits.ram_bytes = memory.bytes;
  options.limits.ram_source = memory.source;
  auto plan = make_plan(scenario, registry, make_surveyor(supervisor, registry), options);
  if (supervisor.interrupt().pending()) return std::unexpected(ExitCode::interrupted);
  if (!plan) {
    print_mistakes(plan.error());
    return std::unexpected(ExitCode::usage);
  }
  return std::move(*plan);
}

}  // namespace coldload
