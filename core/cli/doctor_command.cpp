#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/cli/commands.hpp"
#include "core/cli/planning.hpp"
#include "core/report/facts.hpp"
#include "core/report/progress.hpp"
#include "core/run/doctor.hpp"
#include "core/run/machine_facts.hpp"

namespace coldload {
namespace {

constexpr size_t kColumns = 100;

std::vector<std::filesystem::path> scratch_places() {
  std::error_code error;
  const char* temporary = std::getenv("TMPDIR");
  return {std::filesystem::current_path(error), temporary == nullptr ? "/var/tmp" : temporary};
}

}  // namespace

ExitCode doctor_command(const Context& context, const DoctorCommand& command) {
  // Refused ones are facts here.
  const auto registry = scan_plugins(context, false);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  Supervisor supervisor(context.executable, *context.interrupt);
  Facts more;
  Facts facts;
  if (command.scenario.empty()) {
    facts = machine_facts(*registry, scratch_places());
    more = facts_of_plugins(supervisor, *registry);
  } else {
    RunCommand file;
    file.scenario = command.scenario;
    const auto scenario = scenario_of_file(file, *registry);
    if (!scenario) return scenario.error();
    facts = machine_facts(*registry, scratch_places());
    // A server that does not answer takes its time: whoever watches sees which one is waited for.
    ProgressLine line(STDERR_FILENO);
    auto found = facts_of_scenario(supervisor, *registry, *scenario, [&](const std::string& subject) {
      if (line.is_live()) line.message("asking " + subject);
    });
    if (!found) {
      print_mistakes(found.error());
      return ExitCode::usage;
    }
    more = std::move(*found);
  }
  if (context.interrupt->pending()) return ExitCode::interrupted;
  facts.insert(facts.end(), more.begin(), more.end());
  print_out(command.as_json ? json::dump_pretty(to_json(facts)) : render_facts(facts, kColumns));
  return std::ranges::find(facts, FactLevel::error, &Fact::level) == facts.end() ? ExitCode::ok
                                                                                 : ExitCode::environment;
}

}  // namespace coldload
