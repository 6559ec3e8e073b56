#include "core/cli/registration.hpp"

#include "core/base/limits.hpp"

namespace coldload {
namespace {

void add_allow_commands(CLI::App& app, RunCommand& run) {
  app.add_flag("--allow-commands", run.allow_commands, "Allow components that run programs of their own");
}

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
  add_allow_commands(app, run);
  app.add_flag("--in-process", run.in_process,
               "Run in this process, for a debugger: no isolation, no time-out");
  app.add_flag("--by-mincore", run.by_mincore,
               "Measure residency by mincore(2) even where cachestat(2) works");
  app.add_option("--format", run.format, "What stdout carries: table or json")
      ->check(CLI::IsMember({"table", "json"}));
}

}  // namespace

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
  add_allow_commands(*plan, chosen.run);
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

}  // namespace coldload
