#include <filesystem>

#include "core/cli/commands.hpp"
#include "core/conformance/kit.hpp"
#include "core/conformance/report.hpp"

namespace coldload {
namespace {

ExitCode list_contracts(bool as_json) {
  print_out(as_json ? conformance::contracts_json() : conformance::contracts_text());
  return ExitCode::ok;
}

}  // namespace

ExitCode plugin_check_command(const Context& context, const PluginCheckCommand& command) {
  if (command.list) return list_contracts(command.as_json);
  if (command.file.empty()) return refuse({Status::invalid_option, "expected a plugin's file, or --list", 0});
  const auto search = default_search_path(context.plugin_options);
  if (!search) return refuse(search.error());
  std::error_code error;
  conformance::KitRequest request;
  // As the registry names it: absolute, links resolved.
  request.file = std::filesystem::canonical(command.file, error);
  if (error) return refuse({Status::not_found, command.file + ": " + error.message(), error.value()});
  request.options = command.options;
  request.only = command.only;
  request.base_directory = std::filesystem::current_path(error).string();
  request.search = *search;
  const auto report = conformance::check_plugin(
      request,
      [&](const conformance::ContractResult& result) {
        if (!command.as_json) print_out(conformance::result_text(result));
      },
      [&] { return context.interrupt->pending(); });
  if (!report) return refuse(report.error());
  print_out(command.as_json ? conformance::report_json(*report) : conformance::summary_text(*report));
  return report->conforms() ? ExitCode::ok : ExitCode::case_failed;
}

}  // namespace coldload
