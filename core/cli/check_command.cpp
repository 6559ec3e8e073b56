#include <fmt/format.h>

#include <filesystem>

#include "core/base/text.hpp"
#include "core/cli/commands.hpp"
#include "core/plan/candidates.hpp"
#include "core/plan/globs.hpp"
#include "core/record/run_check.hpp"
#include "core/record/run_manifest.hpp"
#include "core/scenario/parse.hpp"

namespace coldload {
namespace {

std::string ending_of(const ResultDocument& document) {
  if (!document.finished) return "; not finished, " + why_unfinished(document);
  return document.interrupted ? "; the scenario was interrupted" : "";
}

ExitCode check_run(const std::string& directory) {
  const auto check = check_run_directory(directory);
  if (!check) {
    print_error(check.error());
    return exit_code_of(check.error());
  }
  for (const std::string& mistake : check->mistakes) print_error("error: " + printable(mistake));
  if (!check->mistakes.empty()) return ExitCode::integrity;
  const ResultDocument& document = check->document;
  const std::string hashes =
      check->has_manifest
          ? fmt::format("the files are those {} names", kRunManifestName)
          : fmt::format("without {}, whether a file was changed is not known", kRunManifestName);
  print_out(fmt::format("{}: {}, {}, {}{}; {}\n", printable(directory),
                        counted(document.cases.size(), "case"), counted(document.runs.size(), "run"),
                        counted(document.probes.size(), "probe"), ending_of(document), hashes));
  return ExitCode::ok;
}

ExitCode check_scenario(const Context& context, const std::string& file) {
  const auto registry = scan_plugins(context, true);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  const auto scenario = read_scenario(file, *registry);
  if (!scenario) {
    print_mistakes(scenario.error());
    return ExitCode::usage;
  }
  const auto candidates = candidate_cases(*scenario, *registry);
  const Diagnostics mistakes = candidates ? mistaken_globs(*scenario, *candidates) : candidates.error();
  if (!mistakes.empty()) {
    print_mistakes(mistakes);
    return ExitCode::usage;
  }
  print_out(fmt::format("{}: no mistakes; {}, {}, {}\n", scenario->file,
                        counted(scenario->backends.size(), "backend"),
                        counted(scenario->strategies.size(), "strategy", "strategies"),
                        counted(scenario->comparisons.size(), "comparison")));
  return ExitCode::ok;
}

}  // namespace

ExitCode check_command(const Context& context, const std::string& path) {
  std::error_code error;
  return path != "-" && std::filesystem::is_directory(path, error) ? check_run(path)
                                                                   : check_scenario(context, path);
}

}  // namespace coldload
