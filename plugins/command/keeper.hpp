// A program and everything that it starts, from launch until none of it is left.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "coldload/cpp/posix/descriptor.hpp"
#include "output.hpp"
#include "program.hpp"

namespace coldload::command {

// "exit status 3", "signal 9" of a status as wait(2) gives it.
[[nodiscard]] std::string status_in_words(int wait_status);

// How stop() went.
struct Ending {
  int last_signal = 0;     // SIGTERM, SIGKILL; 0: it had ended by itself
  int survivor_count = 0;  // processes that would not end: they hang in the kernel
};

// Its process (see keeper_process.hpp) is made at once and starts the program when launch() says so. That
// process and all below it are children of ours: once they have been waited for, what they read is counted as
// ours. [control-thread]
class Keeper {
 public:
  // `program` must outlive it. Throws COLDLOAD_UNSUPPORTED where the kernel does not list a process's
  // children.
  explicit Keeper(const Program& program);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  // Ends at once whatever still runs.
  ~Keeper();

  // Returns once the program runs. Throws why it cannot be run.
  void launch();

  // For poll(2); -1 once nobody writes there any more.
  [[nodiscard]] int output_fd() const { return output_ ? output_.get() : -1; }
  [[nodiscard]] int reports_fd() const { return reports_ ? reports_.get() : -1; }
  // What there is now.
  void read_output(Output& output);
  // The status of the program itself, once it has ended.
  [[nodiscard]] std::optional<int> exit_status();

  // SIGTERM, `grace_ns` later SIGKILL, and waits for all of it; what it writes meanwhile goes to `output`.
  Ending stop(uint64_t grace_ns, Output& output);

 private:
  void read_reports();
  void finish();

  const Program& program_;
  pid_t pid_ = -1;
  sdk::posix::Descriptor orders_;
  sdk::posix::Descriptor reports_;
  sdk::posix::Descriptor output_;
  std::optional<int> launch_result_;  // errno, or 0
  std::optional<int> exit_status_;
  std::optional<Ending> ending_;
};

}  // namespace coldload::command
