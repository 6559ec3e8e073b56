// What every command shares: where plugins are, where messages go, whether somebody wants to stop.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/location.hpp"
#include "core/base/result.hpp"
#include "core/cli/exit_code.hpp"
#include "core/plugin/registry.hpp"
#include "core/run/interrupt.hpp"

namespace coldload {

struct Context {
  std::vector<std::filesystem::path> plugin_options;  // --plugin
  std::filesystem::path executable;                   // this program, for workers
  Interrupt* interrupt = nullptr;
};

// Plugins by the search order; refused ones are named on stderr when `tell_refused`.
[[nodiscard]] Result<Registry> scan_plugins(const Context& context, bool tell_refused);

// What cannot be written is found by finish_output().
void print_out(std::string_view text);
// Before anything is opened: puts /dev/null where stdin, stdout or stderr is closed; writing to that stdout
// fails.
void hold_standard_descriptors();
// After everything was printed: the exit status, which is `status` unless stdout could not take it all: then
// that is said on stderr and 0 becomes ExitCode::environment. A reader that went away (EPIPE) is no mistake.
[[nodiscard]] int finish_output(int status);
void print_error(std::string_view text);
void print_error(const Error& error);
// Each on a line, then how many.
void print_mistakes(const Diagnostics& mistakes);

// Prints it, and says how to end.
[[nodiscard]] ExitCode refuse(const Error& error);

// usage for what the caller can mend, internal for what only we can.
[[nodiscard]] ExitCode exit_code_of(const Error& error);

}  // namespace coldload
