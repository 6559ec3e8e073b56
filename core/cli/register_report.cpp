#include "core/cli/registration.hpp"

namespace coldload {

void add_report_commands(CLI::App& app, Chosen& chosen) {
  ReportCommand& report = chosen.report;
  CLI::App* command = app.add_subcommand(
      "report",
      "Write the storage-layout note, the report, the bench table and the bootstrap script of a run");
  command
      ->add_option("RUN", report.runs, "A run's folder; several of one machine and model become one report")
      ->required()
      ->type_name("");
  command->add_option("-o,--out", report.out, "Where to (default: the run's own folder)")->type_name("DIR");
  command->add_option("--client", report.client, "Whose node it is, for the titles")->type_name("NAME");
  command->add_flag(
      "--redact", report.redact,
      "Leave out paths, addresses, arguments and the scenario's text; no script is written then");
  command->callback([&chosen] { chosen.command = [&chosen] { return report_command(chosen.report); }; });

  BootstrapCommand& bootstrap = chosen.bootstrap;
  CLI::App* script =
      app.add_subcommand("bootstrap", "Print the script that sets a node up as a run's numbers say");
  script->add_option("RUN", bootstrap.run, "A run's folder")->required()->type_name("");
  CLI::Option* systemd =
      script->add_flag("--systemd", bootstrap.systemd, "Print the systemd unit that runs the script instead");
  script
      ->add_option("--script", bootstrap.script,
                   "Where the unit finds the script (default: /usr/local/sbin/coldload-bootstrap)")
      ->needs(systemd)
      ->type_name("PATH");
  script->callback([&chosen] { chosen.command = [&chosen] { return bootstrap_command(chosen.bootstrap); }; });
}

}  // namespace coldload
