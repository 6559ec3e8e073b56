// The words of the command line: each group of commands registers its own. No logic.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "core/cli/commands.hpp"

namespace coldload {

// What the options write to, and the command that was chosen.
struct Chosen {
  Context context;
  RunCommand run;
  GenerateCommand generate;
  StageCommand stage;
  ProvisionCommand provision;
  WarmCommand warm;
  DoctorCommand doctor;
  ReportCommand report;
  BootstrapCommand bootstrap;
  CompareCommand compare;
  DescribeCommand describe;
  PluginCheckCommand plugin_check;
  PluginNewCommand plugin_new;
  std::string results = "results";  // of `list runs`
  std::string format;               // of `export` and `completion`
  std::string path;
  bool as_json = false;
  std::function<ExitCode()> command;
};

void add_run_commands(CLI::App& app, Chosen& chosen);        // run, quick, plan, check, probe
void add_report_commands(CLI::App& app, Chosen& chosen);     // report, bootstrap
void add_model_commands(CLI::App& app, Chosen& chosen);      // inspect, gen-model
void add_node_commands(CLI::App& app, Chosen& chosen);       // stage, provision, warm, doctor
void add_comparing_commands(CLI::App& app, Chosen& chosen);  // compare, export, show
void add_help_commands(CLI::App& app, Chosen& chosen);       // manual, completion
// list, list runs, list plugins, describe, plugin new, plugin check
void add_plugin_commands(CLI::App& app, Chosen& chosen);

}  // namespace coldload
