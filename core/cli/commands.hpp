// One function per command. Each prints its answer on stdout, everything else on stderr, and returns the exit
// status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cli/context.hpp"

namespace coldload {

struct RunCommand {
  std::string scenario;  // a file, "-" is standard input; of `quick`, a model's directory
  bool dry_run = false;
  std::string only;
  std::optional<uint32_t> repetitions;
  std::optional<uint64_t> seed;
  std::string out;  // "": results/<UTC>-<name>
  bool yes = false;
  bool in_process = false;
  bool disturb = false;
  bool drop_caches = false;
  bool allow_commands = false;
  bool by_mincore = false;
  std::string format = "table";
};

struct GenerateCommand {
  std::string directory;
  std::string like;
  double scale = 1;
  uint64_t seed = 1;
  std::string layout = "reference";
  bool sparse = false;
};

struct StageCommand {
  std::string source;
  std::string destination;
  bool verify = false;
  bool dry_run = false;
  std::string limit;    // "": none
  std::string reserve;  // "": the default
  std::optional<uint32_t> parallel;
  std::vector<std::string> options;
};

struct ProvisionCommand {
  std::string scenario;
  bool dry_run = false;
  bool remove = false;
};

struct WarmCommand {
  std::string directory;
  uint32_t threads = 4;
  std::string limit;  // "": none
  std::string max;    // "": a share of the memory there is
};

struct DoctorCommand {
  std::string scenario;  // "": the machine alone
  bool as_json = false;
};

struct ReportCommand {
  std::vector<std::string> runs;  // folders of runs
  std::string out;                // "": the run's own folder
  std::string client;
  bool redact = false;
};

struct BootstrapCommand {
  std::string run;
  bool systemd = false;
  std::string script;  // where the unit finds the script
};

struct CompareCommand {
  std::string base;                  // a run's folder, or a document's file
  std::string fresh;                 // likewise; "" with `cases`
  std::vector<std::string> cases;    // two globs of cases of `base`, or none
  std::vector<std::string> fail_if;  // "median > 10 %"
  std::string format = "table";      // "markdown", "json"
};

struct PluginCheckCommand {
  std::string file;
  std::vector<std::string> options;  // "NAME=VALUE"
  std::string only;                  // "": every contract
  bool as_json = false;
  bool list = false;
};

struct DescribeCommand {
  std::string component;  // "": all of them, as Markdown
  bool as_json = false;
  bool as_markdown = false;
};

struct PluginNewCommand {
  std::string name;
  std::string kind;              // "backend", "strategy"
  std::string language = "c++";  // or "c"
};

[[nodiscard]] ExitCode report_command(const ReportCommand& command);
[[nodiscard]] ExitCode bootstrap_command(const BootstrapCommand& command);
[[nodiscard]] ExitCode compare_command(const CompareCommand& command);
[[nodiscard]] ExitCode show_command(const std::string& path);
[[nodiscard]] ExitCode export_command(const std::string& path, const std::string& format);
[[nodiscard]] ExitCode list_runs_command(const std::string& directory, bool as_json);
[[nodiscard]] ExitCode doctor_command(const Context& context, const DoctorCommand& command);
[[nodiscard]] ExitCode warm_command(const Context& context, const WarmCommand& command);
[[nodiscard]] ExitCode provision_command(const Context& context, const ProvisionCommand& command);
[[nodiscard]] ExitCode stage_command(const Context& context, const StageCommand& command);
[[nodiscard]] ExitCode run_command(const Context& context, const RunCommand& command);
[[nodiscard]] ExitCode quick_command(const Context& context, const RunCommand& command);
[[nodiscard]] ExitCode plan_command(const Context& context, const RunCommand& command);
[[nodiscard]] ExitCode check_command(const Context& context, const std::string& path);
[[nodiscard]] ExitCode probe_command(const Context& context, const std::string& directory, bool as_json);
[[nodiscard]] ExitCode list_command(const Context& context, bool as_json);
[[nodiscard]] ExitCode list_plugins_command(const Context& context, bool as_json);
[[nodiscard]] ExitCode plugin_new_command(const Context& context, const PluginNewCommand& command);
[[nodiscard]] ExitCode plugin_check_command(const Context& context, const PluginCheckCommand& command);
[[nodiscard]] ExitCode describe_command(const Context& context, const DescribeCommand& command);
[[nodiscard]] ExitCode inspect_command(const std::string& directory);
[[nodiscard]] ExitCode generate_command(const Context& context, const GenerateCommand& command);

}  // namespace coldload
