#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <optional>

#include "core/analyse/merge.hpp"
#include "core/base/file.hpp"
#include "core/cli/commands.hpp"
#include "core/record/journal.hpp"
#include "core/record/redact.hpp"
#include "core/report/bootstrap_script.hpp"
#include "core/report/report_files.hpp"
#include "core/report/systemd_unit.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;

// A folder's own name, with or without a slash at its end.
std::string run_id_of(const std::string& directory) {
  std::error_code error;
  const fs::path whole = fs::absolute(directory, error).lexically_normal();
  return (whole.has_filename() ? whole.filename() : whole.parent_path().filename()).string();
}

Result<NamedDocument> read_named(const std::string& directory) {
  auto document = read_run(directory);
  if (!document) return pass(document);
  return NamedDocument{run_id_of(directory), std::move(*document)};
}

Result<NamedDocument> read_runs(const std::vector<std::string>& directories) {
  std::vector<NamedDocument> documents;
  std::string run_ids;
  for (const std::string& directory : directories) {
    auto document = read_named(directory);
    if (!document) return pass(document);
    run_ids += fmt::format("{}{}", run_ids.empty() ? "" : "+", document->run_id);
    documents.push_back(std::move(*document));
  }
  auto merged = merge(documents);
  if (!merged) return pass(merged);
  return NamedDocument{std::move(run_ids), std::move(*merged)};
}

Result<void> write(const fs::path& directory, const ReportFile& file) {
  const fs::path path = directory / file.name;
  auto written = write_file_atomically(path, file.content);
  if (!written || !file.name.ends_with(".sh")) return written;
  std::error_code error;
  fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                  fs::perm_options::add, error);
  if (error) return fail_errno(error.value(), path.string());
  return {};
}

// Whoever hands the folder on would hand on what a redacted report leaves out.
std::optional<std::string> unredacted_file_in(const fs::path& directory) {
  for (const char* name : {"bootstrap.sh", "coldload-bootstrap.service"}) {
    std::error_code error;
    if (fs::exists(directory / name, error)) return (directory / name).string();
  }
  return std::nullopt;
}

// Those that stand there with other content, or with content that cannot be read.
std::vector<std::string> replaced_files(const fs::path& directory, const std::vector<ReportFile>& files) {
  std::vector<std::string> names;
  for (const ReportFile& file : files) {
    std::error_code error;
    if (!fs::exists(directory / file.name, error)) continue;
    const auto content = read_small_file(directory / file.name, file.content.size());
    if (!content || *content != file.content) names.push_back(file.name);
  }
  return names;
}

ExitCode failed(const Error& error) {
  print_error(error);
  return exit_code_of(error);
}

}  // namespace

ExitCode report_command(const ReportCommand& command) {
  if (command.runs.size() > 1 && command.out.empty()) {
    print_error("error: a report on several runs needs a folder of its own: say -o DIR");
    return ExitCode::usage;
  }
  const fs::path directory = command.out.empty() ? command.runs.front() : command.out;
  if (const auto found = unredacted_file_in(directory); command.redact && found) {
    print_error(
        fmt::format("error: {} is of a report that was not redacted: name another folder with -o", *found));
    return ExitCode::usage;
  }
  auto run = read_runs(command.runs);
  if (!run) return failed(run.error());
  if (command.redact) run->document = redacted(run->document);
  Report report = make_report(run->document, run->run_id, command.client);
  if (command.redact)
    report.bootstrap.not_possible = "a redacted report names no place that one could work on";

  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return failed({Status::io_error, fmt::format("{}: {}", directory.string(), error.message())});
  auto files = render_report(report);
  if (!files) return failed(files.error());
  if (const auto replaced = replaced_files(directory, *files); !replaced.empty()) {
    print_error(fmt::format("note: other content stood in {} and is replaced: {}", directory.string(),
                            fmt::join(replaced, ", ")));
  }
  for (const ReportFile& file : *files) {
    if (auto written = write(directory, file); !written) return failed(written.error());
    print_out(fmt::format("{}\n", (directory / file.name).string()));
  }
  for (const Statement& statement : report.advice.answer) print_error(statement.text);
  return ExitCode::ok;
}

ExitCode bootstrap_command(const BootstrapCommand& command) {
  auto run = read_named(command.run);
  if (!run) return failed(run.error());
  const Report report = make_report(run->document, run->run_id, "");
  if (!report.bootstrap.not_possible.empty()) {
    print_error(fmt::format("error: no script can be made: {}", report.bootstrap.not_possible));
    return ExitCode::environment;
  }
  const std::string at = command.script.empty() ? std::string(kBootstrapScriptPath) : command.script;
  const auto text =
      command.systemd ? render_systemd_unit(report.bootstrap, at) : render_bootstrap_script(report.bootstrap);
  if (!text) return failed(text.error());
  print_out(*text);
  return ExitCode::ok;
}

}  // namespace coldload
