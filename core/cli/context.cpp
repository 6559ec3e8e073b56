#include "core/cli/context.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

// Of the first write that failed.
int output_errno = 0;

}  // namespace

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
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return;
  if (output_errno == 0) output_errno = errno;
}

void hold_standard_descriptors() {
  // A closed one would be the next file's that is opened, and what is printed would end there. A descriptor
  // for reading in stdout's place keeps writing an error.
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(standard, F_GETFD) >= 0) continue;
    const int mode = standard == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    static_cast<void>(::open("/dev/null", mode));  // NOLINT(cppcoreguidelines-owning-memory): until the end
  }
}

int finish_output(int status) {
  if (std::fflush(stdout) != 0 && output_errno == 0) output_errno = errno;
  if (std::ferror(stdout) == 0 && output_errno == 0) return status;
  // Whoever reads no further, as head does, has all that was asked for.
  if (output_errno == EPIPE) return status;
  const std::string why =
      output_errno == 0 ? "writing failed" : std::generic_category().message(output_errno);
  print_error(
      fmt::format("error: stdout: {}: not all of what should stand there does; give it a place that "
                  "takes it",
                  why));
  return status == 0 ? static_cast<int>(ExitCode::environment) : status;
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
