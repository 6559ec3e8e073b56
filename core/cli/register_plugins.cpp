#include "core/cli/registration.hpp"

namespace coldload {
namespace {

void add_plugin_check(CLI::App& plugin, Chosen& chosen) {
  CLI::App* check =
      plugin.add_subcommand("check", "Hold a plugin to every contract, each in a process of its own");
  check->add_option("FILE", chosen.plugin_check.file, "The plugin's shared object")->type_name("");
  check
      ->add_option(
          "--option", chosen.plugin_check.options,
          "An option of its components, as NAME=VALUE; may be repeated. A backend: NAME=ID,NAME=VALUE,…")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  check
      ->add_option("--only", chosen.plugin_check.only, "One contract, or all of backend, strategy or library")
      ->type_name("ID");
  check->add_flag("--json", chosen.plugin_check.as_json, "As JSON");
  check->add_flag("--list", chosen.plugin_check.list, "Show the contracts, check nothing");
  check->callback([&chosen] {
    chosen.command = [&chosen] { return plugin_check_command(chosen.context, chosen.plugin_check); };
  });
}

void add_plugin_new(CLI::App& plugin, Chosen& chosen) {
  CLI::App* made =
      plugin.add_subcommand("new", "Write a plugin that builds, conforms and runs, to go on from");
  made->add_option("NAME", chosen.plugin_new.name,
                   "Of the component and of the directory: lower-case letters, digits, '_'")
      ->required()
      ->type_name("");
  made->add_option("--kind", chosen.plugin_new.kind,
                   "backend (where bytes come from) or strategy (how they are brought in)")
      ->required()
      ->check(CLI::IsMember({"backend", "strategy"}))
      ->type_name("KIND");
  made->add_option("--language", chosen.plugin_new.language, "c or c++ (default: c++)")
      ->check(CLI::IsMember({"c", "c++"}))
      ->type_name("LANGUAGE");
  made->callback([&chosen] {
    chosen.command = [&chosen] { return plugin_new_command(chosen.context, chosen.plugin_new); };
  });
}

}  // namespace

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
  describe->add_option("COMPONENT", chosen.describe.component, "Its id, e.g. local or strategy/mmap")
      ->type_name("");
  describe->add_flag("--json", chosen.describe.as_json, "As JSON");
  describe->add_flag("--markdown", chosen.describe.as_markdown, "Of all components, as the option reference");
  describe->callback([&chosen] {
    chosen.command = [&chosen] { return describe_command(chosen.context, chosen.describe); };
  });

  CLI::App* plugin = app.add_subcommand("plugin", "Write a plugin of one's own and hold it to the contracts");
  plugin->require_subcommand(1);
  add_plugin_new(*plugin, chosen);
  add_plugin_check(*plugin, chosen);
}

}  // namespace coldload
