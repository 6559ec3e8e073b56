#include <fmt/format.h>

#include <filesystem>

#include "core/cli/commands.hpp"
#include "core/record/journal.hpp"
#include "core/scenario/parse.hpp"

namespace coldload {
namespace {

ExitCode check_run(const std::string& directory) {
  const auto document = read_run_directory(directory);
  if (!document) {
    print_error(document.error());
    return exit_code_of(document.error());
  }
  print_out(fmt::format("{}: {} cases, {} runs, {} probes{}\n", directory, document->cases.size(),
                        document->runs.size(), document->probes.size(),
                        document->interrupted ? "; the scenario was interrupted" : ""));
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
  print_out(fmt::format("{}: no mistakes; {} backends, {} strategies, {} comparisons\n", scenario->file,
                        scenario->backends.size(), scenario->strategies.size(),
                        scenario->comparisons.size()));
  return ExitCode::ok;
}

}  // namespace

ExitCode check_command(const Context& context, const std::string& path) {
  std::error_code error;
  return path != "-" && std::filesystem::is_directory(path, error) ? check_run(path)
                                                                   : check_scenario(context, path);
}

}  // namespace coldload
