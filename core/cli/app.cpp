#include "core/cli/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/nearest.hpp"
#include "core/cli/registration.hpp"
#include "core/cli/version.hpp"
#include "core/run/worker.hpp"

namespace coldload {
namespace {

int run_chosen(Chosen& chosen) {
  std::error_code error;
  chosen.context.executable = std::filesystem::read_symlink("/proc/self/exe", error);
  auto interrupt = Interrupt::install();
  if (!interrupt) {
    print_error(interrupt.error());
    return static_cast<int>(ExitCode::internal);
  }
  chosen.context.interrupt = &*interrupt;
  return static_cast<int>(chosen.command());
}

// CLI11 says that a subcommand is required, whatever stood in its place: this names what stood there.
std::optional<std::string> unknown_command(const CLI::App& app) {
  if (!app.get_subcommands().empty()) return std::nullopt;
  const std::vector<std::string> left = app.remaining();
  const auto command =
      std::ranges::find_if(left, [](const std::string& word) { return !word.starts_with('-'); });
  if (command == left.end()) return std::nullopt;
  std::vector<std::string> known;
  for (const CLI::App* subcommand : app.get_subcommands({})) known.push_back(subcommand->get_name());
  return fmt::format("error: no command \"{}\"{}", *command, suggestion(*command, known));
}

int parse_and_run(int argc, const char* const* argv) {
  CLI::App app(
      "coldload measures how long LLM weights take to load, cold and proved cold, for every storage and "
      "strategy.",
      "coldload");
  app.set_version_flag("--version", fmt::format("coldload {} (plugin ABI {}.{})", kVersion,
                                                COLDLOAD_ABI_MAJOR, COLDLOAD_ABI_MINOR));
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Print the help of every command and exit");
  Chosen chosen;
  app.add_option("--plugin", chosen.context.plugin_options,
                 "A plugin or a directory of plugins, absolute; may be repeated")
      ->type_name("PATH")
      ->allow_extra_args(false);
  add_run_commands(app, chosen);
  add_report_commands(app, chosen);
  add_model_commands(app, chosen);
  add_node_commands(app, chosen);
  add_comparing_commands(app, chosen);
  add_plugin_commands(app, chosen);
  add_help_commands(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool is_mistake = error.get_exit_code() != 0;  // and no --help or --version
    if (const auto unknown = unknown_command(app); is_mistake && unknown) {
      print_error(*unknown);
      return static_cast<int>(ExitCode::usage);
    }
    return app.exit(error) == 0 ? static_cast<int>(ExitCode::ok) : static_cast<int>(ExitCode::usage);
  }
  return run_chosen(chosen);
}

}  // namespace

int run_app(int argc, const char* const* argv, uint64_t started_ns) {
  // Not for people, and in a hurry: every run pays for what happens before it.
  if (argc == 2 && std::string_view(argv[1]) == "worker")
    return run_worker(kWorkerRequestFd, kWorkerEventFd, started_ns);
  hold_standard_descriptors();
  return finish_output(parse_and_run(argc, argv));
}

}  // namespace coldload
