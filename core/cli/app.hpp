// The command line: words to commands, nothing more.
#pragma once

#include <cstdint>

namespace coldload {

// Parses, calls the command, returns the process's exit status. `started_ns`: when the process began.
// [control-thread]
[[nodiscard]] int run_app(int argc, const char* const* argv, uint64_t started_ns);

}  // namespace coldload
