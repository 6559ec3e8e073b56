// Commands that read what runs left: show, export, list runs.
#include <algorithm>
#include <filesystem>

#include "core/cli/commands.hpp"
#include "core/cli/terminal.hpp"
#include "core/record/journal.hpp"
#include "core/report/gbench.hpp"
#include "core/report/run_csv.hpp"
#include "core/report/run_list.hpp"
#include "core/report/table.hpp"
#include "core/report/table_markdown.hpp"

namespace coldload {
namespace {

ListedRun list_one(const std::filesystem::path& folder) {
  const auto document = read_run_directory(folder);
  if (document) return listed_run(folder.string(), *document);
  ListedRun run;
  run.folder = folder.string();
  run.error = document.error().message;
  return run;
}

}  // namespace

ExitCode show_command(const std::string& path) {
  const auto document = read_run(path);
  if (!document) {
    print_error(document.error());
    return exit_code_of(document.error());
  }
  print_out(render_table(*document, {terminal_width(), wants_color()}));
  return ExitCode::ok;
}

ExitCode export_command(const std::string& path, const std::string& format) {
  const auto document = read_run(path);
  if (!document) {
    print_error(document.error());
    return exit_code_of(document.error());
  }
  if (format == "csv") {
    print_out(run_csv(*document));
  } else if (format == "markdown") {
    print_out(table_markdown(*document));
  } else {
    print_out(json::dump_pretty(gbench_json(*document)));
  }
  return ExitCode::ok;
}

ExitCode list_runs_command(const std::string& directory, bool as_json) {
  std::vector<ListedRun> runs;
  if (is_run_directory(directory)) {
    runs.push_back(list_one(directory));
  } else {
    const auto folders = run_directories_in(directory);
    if (!folders) {
      print_error(folders.error());
      return ExitCode::usage;
    }
    for (const std::filesystem::path& folder : *folders) runs.push_back(list_one(folder));
  }
  print_out(as_json ? json::dump_pretty(run_list_json(std::move(runs)))
                    : run_list_text(directory, std::move(runs), terminal_width()));
  return ExitCode::ok;
}

}  // namespace coldload
