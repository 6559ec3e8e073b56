#include "core/cli/completion_scripts.hpp"
#include "core/cli/manual_page.hpp"
#include "core/cli/registration.hpp"
#include "core/cli/version.hpp"

namespace coldload {

void add_help_commands(CLI::App& app, Chosen& chosen) {
  CLI::App* manual = app.add_subcommand("manual", "Print the manual page, for man -l -");
  manual->callback([&app, &chosen] {
    chosen.command = [&app] {
      print_out(manual_page(words_of(app), kVersion));
      return ExitCode::ok;
    };
  });

  CLI::App* completion =
      app.add_subcommand("completion", "Print what makes a shell complete coldload's words");
  completion->add_option("SHELL", chosen.format, "Which shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->type_name("");
  completion->callback([&app, &chosen] {
    chosen.command = [&app, &chosen] {
      const CommandWords words = words_of(app);
      print_out(chosen.format == "bash" ? bash_completion(words) : zsh_completion(words));
      return ExitCode::ok;
    };
  });
}

}  // namespace coldload
