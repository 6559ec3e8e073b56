#include "core/cli/app.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/nearest.hpp"
#include "core/cli/commands.hpp"
#include "core/cli/version.hpp"
#include "core/run/worker.hpp"

namespace coldload {
namespace {

// What the options write to, and the command that was chosen.
struct Chosen {
  Context context;
  RunCommand run;
  GenerateCommand generate;
  StageCommand stage;
  ProvisionCommand provision;
  WarmCommand warm;
  DoctorCommand doctor;
  std::string path;
  bool as_json = false;
  std::function<ExitCode()> command;
};

void add_run_options(CLI::App& app, RunCommand& run) {
  app.add_flag("--dry-run", run.dry_run,
               "Say what would run, how many bytes it moves and how long that may take; touch no model data");
  app.add_option("--only", run.only, "Only the cases whose id matches this glob, e.g. 'nvme/parallel*'")
      ->type_name("GLOB");
  app.add_option("--runs", run.repetitions, "Repetitions of every case, instead of the scenario's")
      ->type_name("N")
      ->check(CLI::Range(1U, static_cast<unsigned>(limits::kRepetitionsMax)));
  app.add_option("--seed", run.seed, "Seed of the order of runs and of the intervals")->type_name("N");
  app.add_option("--out", run.out, "The run's own folder, absent or empty (default: results/<UTC>-<name>)")
      ->type_name("DIR");
  app.add_flag("--yes", run.yes, "Run even if it takes more than one hour or moves more than 1 TB");
  app.add_flag("--disturb", run.disturb, "Evict and warm files that other processes use");
  app.add_flag("--drop-caches", run.drop_caches,
               "Drop the whole machine's page cache before each cold run, not only the model's part; needs "
               "root and --disturb");
  app.add_flag("--allow-commands", run.allow_commands, "Allow components that run programs of their own");
  app.add_flag("--in-process", run.in_process,
               "Run in this process, for a debugger: no isolation, no time-out");
  app.add_flag("--by-mincore", run.by_mincore,
               "Measure residency by mincore(2) even where cachestat(2) works");
  app.add_option("--format", run.format, "What stdout carries: table or json")
      ->check(CLI::IsMember({"table", "json"}));
}

void add_run_commands(CLI::App& app, Chosen& chosen) {
  CLI::App* run = app.add_subcommand("run", "Run a scenario and print its table");
  run->add_option("FILE", chosen.run.scenario, "Scenario file, - is standard input")
      ->required()
      ->type_name("");
  add_run_options(*run, chosen.run);
  run->callback(
      [&chosen] { chosen.command = [&chosen] { return run_command(chosen.context, chosen.run); }; });

  CLI::App* quick = app.add_subcommand("quick", "Compare the strategies, cold, on a model's directory");
  quick->add_option("DIR", chosen.run.scenario, "Directory with *.safetensors")->required()->type_name("");
  add_run_options(*quick, chosen.run);
  quick->callback(
      [&chosen] { chosen.command = [&chosen] { return quick_command(chosen.context, chosen.run); }; });

  CLI::App* plan = app.add_subcommand("plan", "Say what a scenario would run, like run --dry-run");
  plan->add_option("FILE", chosen.run.scenario, "Scenario file, - is standard input")
      ->required()
      ->type_name("");
  plan->add_option("--only", chosen.run.only, "Only the cases whose id matches this glob")->type_name("GLOB");
  plan->callback(
      [&chosen] { chosen.command = [&chosen] { return plan_command(chosen.context, chosen.run); }; });

  CLI::App* check = app.add_subcommand("check", "Check a scenario file, or a run's folder");
  check->add_option("PATH", chosen.path, "A file is a scenario, a directory a run; - is standard input")
      ->required()
      ->type_name("");
  check->callback(
      [&chosen] { chosen.command = [&chosen] { return check_command(chosen.context, chosen.path); }; });

  CLI::App* probe = app.add_subcommand("probe", "Measure the ceilings: device, page cache, memory");
  probe->add_option("DIR", chosen.path, "Directory with *.safetensors, read directly")
      ->required()
      ->type_name("");
  probe->add_flag("--json", chosen.as_json, "As JSON");
  probe->callback([&chosen] {
    chosen.command = [&chosen] { return probe_command(chosen.context, chosen.path, chosen.as_json); };
  });
}

void add_model_commands(CLI::App& app, Chosen& chosen) {
  CLI::App* inspect =
      app.add_subcommand("inspect", "Show a model's shards and tensors, and what is inconsistent (exit 5)");
  inspect->add_option("DIR", chosen.path, "Directory with *.safetensors, or a Hugging Face cache entry")
      ->required()
      ->type_name("");
  inspect->callback([&chosen] { chosen.command = [&chosen] { return inspect_command(chosen.path); }; });

  GenerateCommand& generate = chosen.generate;
  CLI::App* gen =
      app.add_subcommand("gen-model", "Make a model like a real one: same tensors and shards, other bytes");
  gen->add_option("DIR", generate.directory, "Where; absent or empty")->required()->type_name("");
  gen->add_option("--like", generate.like,
                  "qwen2.5-0.5b, qwen2.5-7b, llama-3.1-8b, llama-3.1-70b or qwen3-30b-a3b")
      ->required()
      ->type_name("NAME");
  gen->add_option("--scale", generate.scale, "Share of the layers to keep, whole ones, at least one")
      ->type_name("F");
  gen->add_option("--seed", generate.seed, "Other bytes for another seed")->type_name("N");
  gen->add_option(
         "--layout", generate.layout,
         "Order of tensors in a file: as the reference serializer sorts them, or as the model defines them")
      ->check(CLI::IsMember({"reference", "definition"}));
  gen->add_flag("--sparse", generate.sparse, "Headers and holes only: takes no space, for planning");
  gen->callback([&chosen] {
    chosen.command = [&chosen] { return generate_command(chosen.context, chosen.generate); };
  });
}

void add_node_commands(CLI::App& app, Chosen& chosen) {
  StageCommand& stage = chosen.stage;
  CLI::App* command =
      app.add_subcommand("stage", "Copy a model to a directory: whole, verified, put in place by one rename");
  command->add_option("SRC", stage.source, "A directory, or a URL such as s3://bucket/prefix")
      ->required()
      ->type_name("");
  command
      ->add_option("DST", stage.destination,
                   "The copy's directory; absent, or an older copy that is replaced")
      ->required()
      ->type_name("");
  command->add_flag("--verify", stage.verify,
                    "Read the copy back from the disk and compare it with the source's digests");
  command->add_option("--limit", stage.limit, "Of the copy, e.g. '2 Gbit/s'")->type_name("RATE");
  command->add_option("--parallel", stage.parallel, "Threads that copy at once (default: 4)")
      ->type_name("N")
      ->check(CLI::Range(1U, 256U));
  command->callback(
      [&chosen] { chosen.command = [&chosen] { return stage_command(chosen.context, chosen.stage); }; });

  CLI::App* provision = app.add_subcommand(
      "provision", "Put a scenario's model where it is missing: copied or made, and verified");
  provision->add_option("FILE", chosen.provision.scenario, "Scenario file, - is standard input")
      ->required()
      ->type_name("");
  CLI::Option* dry_run =
      provision->add_flag("--dry-run", chosen.provision.dry_run, "Say what would be done, write nothing");
  provision
      ->add_flag("--remove", chosen.provision.remove,
                 "Take away what an earlier provision put there, nothing else")
      ->excludes(dry_run);
  provision->callback([&chosen] {
    chosen.command = [&chosen] { return provision_command(chosen.context, chosen.provision); };
  });
}

void add_warm_command(CLI::App& app, Chosen& chosen) {
  WarmCommand& warm = chosen.warm;
  CLI::App* command =
      app.add_subcommand("warm", "Fill the page cache with a model's shards, as far as memory allows");
  command->add_option("DIR", warm.directory, "Directory with *.safetensors, or a Hugging Face cache entry")
      ->required()
      ->type_name("");
  command->add_option("--threads", warm.threads, "Threads that read at once (default: 4)")
      ->type_name("N")
      ->check(CLI::Range(1U, 256U));
  command->add_option("--limit", warm.limit, "Of the reading, e.g. '2 Gbit/s'")->type_name("RATE");
  command
      ->add_option("--max", warm.max,
                   "Read no more than this; a shard that does not fit is left out (default: 0.8 of the "
                   "available memory)")
      ->type_name("BYTES");
  command->callback(
      [&chosen] { chosen.command = [&chosen] { return warm_command(chosen.context, chosen.warm); }; });
}

void add_doctor_command(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "doctor",
      "Say what of this machine, and of a scenario's backends, is in order, and how to mend the rest");
  command
      ->add_option("FILE", chosen.doctor.scenario,
                   "Scenario file, - is standard input; none: the machine alone")
      ->type_name("");
  command->add_flag("--json", chosen.doctor.as_json, "As JSON");
  command->callback(
      [&chosen] { chosen.command = [&chosen] { return doctor_command(chosen.context, chosen.doctor); }; });
}

void add_plugin_commands(CLI::App& app, Chosen& chosen) {
  CLI::App* list = app.add_subcommand("list", "List backends and strategies, and plugins that were refused");
  list->add_flag("--json", chosen.as_json, "As JSON");
  list->callback(
      [&chosen] { chosen.command = [&chosen] { return list_command(chosen.context, chosen.as_json); }; });

  CLI::App* describe =
      app.add_subcommand("describe", "Show what a backend or strategy is and every option of it");
  describe->add_option("COMPONENT", chosen.path, "Its id, e.g. local or strategy/mmap")
      ->required()
      ->type_name("");
  describe->add_flag("--json", chosen.as_json, "As JSON");
  describe->callback([&chosen] {
    chosen.command = [&chosen] { return describe_command(chosen.context, chosen.path, chosen.as_json); };
  });
}

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
  add_model_commands(app, chosen);
  add_node_commands(app, chosen);
  add_warm_command(app, chosen);
  add_doctor_command(app, chosen);
  add_plugin_commands(app, chosen);
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
  return parse_and_run(argc, argv);
}

}  // namespace coldload
