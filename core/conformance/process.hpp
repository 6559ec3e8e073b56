// One check in a process of its own, so that whatever a plugin does there costs that check alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace coldload::conformance {

enum class Ending { passed, failed, crashed, timed_out, skipped };

[[nodiscard]] std::string_view to_string(Ending ending);

struct Attempt {
  Ending ending = Ending::failed;
  std::string detail;  // "" if passed; else how it failed or why it was skipped
  std::string output;  // the end of what the process printed
  uint64_t took_ns = 0;
};

// Forks, calls `check` there and takes its answer. A process that has not answered after `limit_ms`, or once
// `stop` says so, is killed with all that it started. Leaves no process behind. To be called while this
// process has one thread. [control-thread]
[[nodiscard]] Attempt run_in_process(const std::function<void()>& check, uint64_t limit_ms,
                                     const std::function<bool()>& stop);

}  // namespace coldload::conformance
