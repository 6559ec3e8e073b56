#include "core/cli/context.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "core/base/limits.hpp"

namespace coldload {

Result<Registry> scan_plugins(const Context& context, bool tell_refused) {
  const auto path = default_search_path(context.plugin_options);
  if (!path) return pass(path);
  Registry registry = Registry::scan(*path);
  if (tell_refused) {
    for (const RefusedPlugin& refused : registry.refused()) {
      print_error(fmt::format("warning: plugin {} is not used: {}", refused.file.string(), refused.reason));
    }
  }
  return registry;
}

void print_out(std::string_view text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout));
}

void print_error(std::string_view text) {
  const std::string line = fmt::format("{}\n", text);
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

void print_error(const Error& error) {
  print_error(fmt::format("error: {}", error.message));
}

ExitCode refuse(const Error& error) {
  print_error(error);
  return exit_code_of(error);
}

void print_mistakes(const Diagnostics& mistakes) {
  for (const Diagnostic& mistake : mistakes) print_error(to_string(mistake));
  const bool cut = mistakes.size() >= limits::kDiagnosticsMax;
  if (mistakes.size() > 1)
    print_error(fmt::format("{} mistakes{}", mistakes.size(), cut ? ", perhaps more" : ""));
}

ExitCode exit_code_of(const Error& error) {
  switch (error.status) {
    case Status::invalid_option:
    case Status::not_found:
      return ExitCode::usage;
    case Status::integrity:
      return ExitCode::integrity;
    case Status::cancelled:
      return ExitCode::interrupted;
    case Status::internal:
      return ExitCode::internal;
    default:
      return ExitCode::environment;
  }
}

}  // namespace coldload
