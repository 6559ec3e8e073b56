#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/cli/commands.hpp"
#include "core/cli/copy_progress.hpp"
#include "core/cli/planning.hpp"
#include "core/run/ask.hpp"
#include "core/run/provision.hpp"

namespace coldload {
namespace {

std::string intention(const ProvisionStep& step) {
  switch (step.action) {
    case ProvisionAction::present:
      return "there already";
    case ProvisionAction::copy:
      return fmt::format("would be copied from backend \"{}\"", step.from);
    case ProvisionAction::generate:
      return fmt::format("would be made like {}", step.from);
    case ProvisionAction::impossible:
      break;
  }
  return step.reason;
}

void print_step(const ProvisionStep& step, std::string_view what) {
  print_out(fmt::format("{}: {}: {}\n", step.backend, step.place, what));
}

// Nothing is to be done, or nothing can be: says which.
ExitCode tell(const ProvisionStep& step) {
  print_step(step, intention(step));
  return step.action == ProvisionAction::impossible ? exit_code_of({step.status, step.reason}) : ExitCode::ok;
}

// As it would end without --dry-run, were every copy made.
ExitCode tell_all(const std::vector<ProvisionStep>& steps) {
  ExitCode code = ExitCode::ok;
  for (const ProvisionStep& step : steps) {
    if (const ExitCode one = tell(step); code == ExitCode::ok) code = one;
  }
  return code;
}

// What goes on from here is the other steps; the first failure decides the exit status.
ExitCode put(const std::vector<ProvisionStep>& steps, const Scenario& scenario, const Registry& registry,
             Supervisor& supervisor) {
  ExitCode code = ExitCode::ok;
  for (const ProvisionStep& step : steps) {
    if (step.action == ProvisionAction::present || step.action == ProvisionAction::impossible) {
      if (const ExitCode one = tell(step); code == ExitCode::ok) code = one;
      continue;
    }
    const auto copy = [&] {
      CopyProgress progress(step.place);
      return provision(step, scenario, registry, supervisor,
                       [&](const WorkerProgress& worker) { progress.tell(worker); });
    }();
    if (!copy) {
      print_error(fmt::format("error: {}: {}", step.backend, copy.error().message));
      if (code == ExitCode::ok) code = exit_code_of(copy.error());
      if (copy.error().status == Status::cancelled) return ExitCode::interrupted;
      continue;
    }
    std::string text =
        fmt::format("{} {}, {} in {}, read back and verified",
                    step.action == ProvisionAction::copy ? "copied from backend" : "made like", step.from,
                    format_bytes_decimal(copy->bytes), counted(copy->files, "file"));
    for (const std::string& reason : copy->disturbed) text += "; disturbed: " + reason;
    print_step(step, text);
  }
  return code;
}

ExitCode take_away(const std::vector<ProvisionStep>& steps, const Scenario& scenario,
                   const Registry& registry, Supervisor& supervisor) {
  ExitCode code = ExitCode::ok;
  for (const ProvisionStep& step : steps) {
    if (!step.stands || step.chain.empty()) continue;
    const auto removed = unprovision(step, scenario, registry, supervisor);
    if (removed) {
      print_step(step, "removed");
    } else if (removed.error().status == Status::unsupported) {
      print_step(step, "stays: " + removed.error().message);
    } else {
      print_error(fmt::format("error: {}: {}", step.backend, removed.error().message));
      if (code == ExitCode::ok) code = exit_code_of(removed.error());
    }
  }
  return code;
}

}  // namespace

ExitCode provision_command(const Context& context, const ProvisionCommand& command) {
  const auto registry = scan_plugins(context, true);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  RunCommand file;
  file.scenario = command.scenario;
  const auto scenario = scenario_of_file(file, *registry);
  if (!scenario) return scenario.error();
  Supervisor supervisor(context.executable, *context.interrupt);
  const std::vector<ProvisionStep> steps =
      plan_provision(*scenario, *registry, make_surveyor(supervisor, *registry));
  if (context.interrupt->pending()) return ExitCode::interrupted;
  if (!command.dry_run) sweep_provisioned(steps, [](const std::string& line) { print_out(line + "\n"); });
  if (command.remove) return take_away(steps, *scenario, *registry, supervisor);
  return command.dry_run ? tell_all(steps) : put(steps, *scenario, *registry, supervisor);
}

}  // namespace coldload
