#include "core/cli/registration.hpp"

namespace coldload {
namespace {

constexpr const char* kRun = "A run's folder, or its result.json; - is a document on standard input";

void add_compare_command(CLI::App& app, Chosen& chosen) {
  CompareCommand& compare = chosen.compare;
  CLI::App* command = app.add_subcommand(
      "compare", "Say of two runs, or of cases of one, what differs around them and which case is faster");
  command->add_option("BASE", compare.base, kRun)->required()->type_name("");
  command->add_option("NEW", compare.fresh, "The same, of what is held against BASE; left out with --cases")
      ->type_name("");
  command
      ->add_option("--cases", compare.cases,
                   "Compare within BASE the cases that the first glob means with those of the second: any "
                   "number with a single one, else those whose * stand for the same text")
      ->type_name("GLOB GLOB")
      ->expected(2);
  command
      ->add_option(
          "--fail-if", compare.fail_if,
          "Exit with 99 if the median or throughput of any compared case changed from BASE to NEW by "
          "more than this: 'median > 10 %' (takes longer), 'throughput < -10 %' (loads less per "
          "second). A change counts only where the verdict says faster or slower, which takes 4 runs "
          "of each side; a case that cannot be compared breaks nothing. May be repeated")
      ->type_name("CHANGE")
      ->allow_extra_args(false);
  command->add_option("--format", compare.format, "table, markdown or json")
      ->check(CLI::IsMember({"table", "markdown", "json"}))
      ->type_name("FORMAT");
  command->callback([&chosen] { chosen.command = [&chosen] { return compare_command(chosen.compare); }; });
}

}  // namespace

void add_comparing_commands(CLI::App& app, Chosen& chosen) {
  add_compare_command(app, chosen);

  CLI::App* show = app.add_subcommand("show", "Print a run's table again");
  show->add_option("RUN", chosen.path, kRun)->required()->type_name("");
  show->callback([&chosen] { chosen.command = [&chosen] { return show_command(chosen.path); }; });

  CLI::App* exporting = app.add_subcommand("export", "Print a run for other programs");
  exporting->add_option("RUN", chosen.path, kRun)->required()->type_name("");
  exporting
      ->add_option(
          "--format", chosen.format,
          "csv: every run a row; markdown: the table; gbench: the JSON of Google Benchmark, which its "
          "compare.py reads")
      ->required()
      ->check(CLI::IsMember({"csv", "markdown", "gbench"}))
      ->type_name("FORMAT");
  exporting->callback(
      [&chosen] { chosen.command = [&chosen] { return export_command(chosen.path, chosen.format); }; });
}

}  // namespace coldload
