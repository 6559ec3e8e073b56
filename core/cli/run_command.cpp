#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "coldload/backend.h"
#include "coldload/strategy.h"
#include "core/analyse/case_summary.hpp"
#include "core/analyse/expectations.hpp"
#include "core/base/units.hpp"
#include "core/cli/commands.hpp"
#include "core/cli/outcome.hpp"
#include "core/cli/planning.hpp"
#include "core/cli/terminal.hpp"
#include "core/cli/version.hpp"
#include "core/plan/dry_run.hpp"
#include "core/record/environment.hpp"
#include "core/record/journal.hpp"
#include "core/report/progress.hpp"
#include "core/report/table.hpp"
#include "core/run/header.hpp"
#include "core/run/runner.hpp"

namespace coldload {
namespace {

ProgressState state_of(const RunnerProgress& progress) {
  ProgressState state;
  state.run_number = progress.run;
  state.run_count = progress.run_count;
  state.case_id = progress.case_id;
  state.phase = progress.worker.phase;
  state.elapsed_ns = progress.elapsed_ns;
  state.done = static_cast<double>(progress.run - 1);
  state.total = static_cast<double>(progress.run_count);
  const bool flows = progress.worker.phase == "load" || progress.worker.phase == "prepare";
  if (flows && progress.worker.total_bytes != 0) {
    const auto delivered = static_cast<double>(progress.worker.delivered_bytes);
    state.share = delivered / static_cast<double>(progress.worker.total_bytes);
    state.done += *state.share;
    if (progress.load_elapsed_ns > 0)
      state.bytes_per_second = delivered * 1e9 / static_cast<double>(progress.load_elapsed_ns);
  }
  return state;
}

json::array judged_expectations(const Scenario& scenario, const ResultDocument& document) {
  std::vector<ExpectationInput> inputs;
  inputs.reserve(scenario.expectations.size());
  for (const Expectation& expectation : scenario.expectations) {
    inputs.push_back({expectation.case_glob, expectation.metric, expectation.less, expectation.threshold,
                      expectation.written});
  }
  return evaluate_expectations(analyse_cases(document), inputs, glob_matches);
}

std::filesystem::path run_directory(const RunCommand& command, const Scenario& scenario) {
  if (!command.out.empty()) return command.out;
  return std::filesystem::path("results") / fmt::format("{}-{}", utc_now_compact(), scenario.name);
}

ExitCode execute(const RunCommand& command, const Plan& plan, const Registry& registry,
                 Supervisor& supervisor) {
  ResultDocument header = document_header(plan, registry, kVersion);
  auto journal = Journal::create(run_directory(command, plan.scenario), header);
  if (!journal) {
    print_error(journal.error());
    return exit_code_of(journal.error());
  }
  ProgressLine line(STDERR_FILENO);
  RunnerCallbacks callbacks;
  callbacks.progress = [&line](const RunnerProgress& progress) { line.update(state_of(progress)); };
  callbacks.warning = [&line](const std::string& text) { line.message("warning: " + text); };
  callbacks.finished = [&line](const RunRecord& run) {
    if (run.status == RunStatus::ok || run.status == RunStatus::skipped) return;
    line.message(fmt::format("{}: {}: {}", run.case_id, to_string(run.status), run.reason));
  };
  RunnerOptions options;
  options.in_process = command.in_process;
  options.disturb = command.disturb;
  options.drop_caches = command.drop_caches;
  options.residency = command.by_mincore ? ResidencyBy::mincore : ResidencyBy::best;
  auto document = execute_plan(plan, registry, std::move(header), *journal, supervisor, options, callbacks);
  line.clear();
  if (!document) {
    print_error(document.error());
    print_error(fmt::format("what was measured until then is in {}", journal->directory().string()));
    return exit_code_of(document.error());
  }
  document->expectations = judged_expectations(plan.scenario, *document);
  auto finished = journal->finish(*document);
  if (!finished) {
    print_error(finished.error());
    print_error(fmt::format("what was measured is in {}; its expectations are not judged there",
                            journal->directory().string()));
    return exit_code_of(finished.error());
  }
  const std::string where = fmt::format("results: {}", journal->directory().string());
  if (command.format == "json") {
    print_out(json::dump_pretty(to_json(*document)));
    print_error(where);
  } else {
    print_out(render_table(*document, {terminal_width(), wants_color()}));
    print_out(where + "\n");
  }
  return outcome_of(*document);
}

ExitCode run_scenario(const RunCommand& command, const Scenario& scenario, const Registry& registry,
                      Supervisor& supervisor) {
  const auto plan = plan_of(scenario, command.only, registry, supervisor);
  if (!plan) return plan.error();
  if (command.dry_run) {
    print_out(dry_run_text(*plan));
    return outcome_of(*plan);
  }
  if (needs_confirmation(*plan) && !command.yes) {
    print_error(dry_run_text(*plan));
    print_error("error: this is more than one hour or 1 TB: say --yes to run it");
    return ExitCode::usage;
  }
  for (const std::string& note : plan->notes) print_error("note: " + note);
  return execute(command, *plan, registry, supervisor);
}

// Components that start programs of their own do so only where the command line allows it.
std::optional<std::string> runs_programs(const Scenario& scenario, const Registry& registry) {
  const auto find = [&registry](std::string_view kind,
                                const std::vector<ComponentSpec>& specs) -> const ComponentSpec* {
    for (const ComponentSpec& spec : specs) {
      const auto component = registry.find(kind, spec.component);
      if (component && (component->table->flags & COLDLOAD_COMPONENT_RUNS_PROGRAMS) != 0) return &spec;
    }
    return nullptr;
  };
  const ComponentSpec* found = find(COLDLOAD_KIND_BACKEND, scenario.backends);
  if (found == nullptr) found = find(COLDLOAD_KIND_STRATEGY, scenario.strategies);
  if (found == nullptr) return std::nullopt;
  return to_string(
      Diagnostic{found->where, fmt::format("\"{}\" runs programs: --allow-commands allows it", found->name)});
}

template <typename MakeScenario>
ExitCode with_scenario(const Context& context, const RunCommand& command, MakeScenario make_scenario) {
  // Everybody's cached files go, not only the model's.
  if (command.drop_caches && !command.disturb) {
    print_error(
        "error: --drop-caches slows every other program on this machine: say --disturb too to allow it");
    return ExitCode::usage;
  }
  const auto registry = scan_plugins(context, true);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  const auto scenario = make_scenario(command, *registry);
  if (!scenario) return scenario.error();
  if (const auto refused = runs_programs(*scenario, *registry); refused && !command.allow_commands) {
    print_error(*refused);
    return ExitCode::usage;
  }
  Supervisor supervisor(context.executable, *context.interrupt);
  return run_scenario(command, *scenario, *registry, supervisor);
}

}  // namespace

ExitCode run_command(const Context& context, const RunCommand& command) {
  return with_scenario(context, command, scenario_of_file);
}

ExitCode quick_command(const Context& context, const RunCommand& command) {
  return with_scenario(context, command, scenario_of_directory);
}

ExitCode plan_command(const Context& context, const RunCommand& command) {
  RunCommand dry = command;
  dry.dry_run = true;
  return with_scenario(context, dry, scenario_of_file);
}

}  // namespace coldload
