#include "core/cli/registration.hpp"

namespace coldload {

void add_plugin_commands(CLI::App& app, Chosen& chosen) {
  CLI::App* list = app.add_subcommand("list", "List backends and strategies, and plugins that were refused");
  list->add_flag("--json", chosen.as_json, "As JSON");
  list->require_subcommand(0, 1);
  CLI::App* runs = list->add_subcommand("runs", "List the runs below a folder, the oldest first");
  runs->add_option("DIR", chosen.results, "Where runs landed, or a run's own folder (default: results)")
      ->type_name("");
  runs->add_flag("--json", chosen.as_json, "As JSON");
  CLI::App* plugins = list->add_subcommand(
      "plugins", "List plugin files: version, vendor, ABI, SHA-256, owner; and those that were refused");
  plugins->add_flag("--json", chosen.as_json, "As JSON");
  list->callback([&chosen, runs, plugins] {
    chosen.command = [&chosen, of_runs = runs->parsed(), of_plugins = plugins->parsed()] {
      if (of_runs) return list_runs_command(chosen.results, chosen.as_json);
      return of_plugins ? list_plugins_command(chosen.context, chosen.as_json)
                        : list_command(chosen.context, chosen.as_json);
    };
  });

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

}  // namespace coldload
