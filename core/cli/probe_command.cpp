#include <fmt/format.h>

#include "coldload/destination.h"
#include "core/base/units.hpp"
#include "core/cli/commands.hpp"
#include "core/cli/planning.hpp"
#include "core/plugin/options.hpp"
#include "core/run/ask.hpp"

namespace coldload {
namespace {

std::string probe_row(const ProbeRecord& probe) {
  std::string detail;
  if (probe.detail.contains("best_depth")) {
    detail = fmt::format("1 MiB blocks, {} in flight", json::unsigned_or(probe.detail, "best_depth"));
  } else if (const uint64_t block_bytes = json::unsigned_or(probe.detail, "block_bytes"); block_bytes != 0) {
    detail = fmt::format("{} at a time", format_bytes(block_bytes));
  } else if (const uint64_t threads = json::unsigned_or(probe.detail, "threads"); threads != 0) {
    detail = threads == 1 ? "1 thread" : fmt::format("{} threads", threads);
    const uint64_t page_bytes = json::unsigned_or(probe.detail, "page_bytes");
    if (page_bytes != 0) detail += fmt::format(", pages of {}", format_bytes(page_bytes));
  }
  return fmt::format("{:<24} {:<14} {:>11}  {}\n", probe.tag, probe.subject,
                     format_rate(probe.bytes_per_second), detail);
}

bool needs_options(const Component& component) {
  for (uint32_t i = 0; i < component.table->option_count; ++i) {
    if (option_at(*component.table, i).default_value == nullptr) return true;
  }
  return false;
}

// Of every destination that needs no option said; one without its device here is told and left out.
void add_device_probes(const Registry& registry, Supervisor& supervisor, const std::string& base_directory,
                       std::vector<ProbeRecord>& all) {
  for (const Component& component : registry.components(COLDLOAD_KIND_DESTINATION)) {
    if (needs_options(component) || supervisor.interrupt().pending()) continue;
    const std::string id = component.table->id;
    const auto probe = probe_destination_in_worker(supervisor, registry, {id, id, {}, {}}, base_directory);
    if (!probe) {
      print_error(fmt::format("note: no ceilings of destination \"{}\": {}", id, probe.error().message));
      continue;
    }
    all.insert(all.end(), probe->ceilings.begin(), probe->ceilings.end());
  }
}

}  // namespace

ExitCode probe_command(const Context& context, const std::string& directory, bool as_json) {
  const auto registry = scan_plugins(context, true);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  RunCommand command;
  command.scenario = directory;
  const auto scenario = scenario_of_directory(command, *registry);
  if (!scenario) return scenario.error();
  Supervisor supervisor(context.executable, *context.interrupt);
  const auto plan = plan_of(*scenario, "", *registry, supervisor);
  if (!plan) return plan.error();
  std::vector<ProbeRecord> all;
  for (const Case* subject :
       {plan->cases.empty() ? nullptr : &plan->cases.front(), static_cast<const Case*>(nullptr)}) {
    auto probes = probe_in_worker(supervisor, *registry, subject, scenario->base_directory);
    if (!probes) {
      print_error(probes.error());
      return exit_code_of(probes.error());
    }
    all.insert(all.end(), probes->begin(), probes->end());
  }
  add_device_probes(*registry, supervisor, scenario->base_directory, all);
  if (as_json) {
    json::array out;
    for (const ProbeRecord& probe : all) out.push_back(to_json(probe));
    print_out(json::dump_pretty(out));
    return ExitCode::ok;
  }
  print_out(fmt::format("{:<24} {:<14} {:>11}  {}\n", "ceiling", "of", "rate", "with"));
  for (const ProbeRecord& probe : all) print_out(probe_row(probe));
  return ExitCode::ok;
}

}  // namespace coldload
