// The live line of a command whose worker moves bytes.
#pragma once

#include <unistd.h>

#include <string>

#include "core/base/file.hpp"
#include "core/report/progress.hpp"
#include "core/run/supervisor.hpp"

namespace coldload {

// One line that lives while bytes flow.
class CopyProgress {
 public:
  explicit CopyProgress(const std::string& what) : line_(STDERR_FILENO), began_ns_(now_ns()) {
    state_.run_number = 1;
    state_.run_count = 1;
    state_.case_id = what;
  }

  void tell(const WorkerProgress& worker) {
    if (worker.phase != state_.phase) began_ns_ = now_ns();
    state_.phase = worker.phase;
    state_.elapsed_ns = now_ns() - began_ns_;
    if (worker.total_bytes != 0) {
      const auto done = static_cast<double>(worker.delivered_bytes);
      state_.done = done;
      state_.total = static_cast<double>(worker.total_bytes);
      state_.share = done / state_.total;
      if (state_.elapsed_ns != 0)
        state_.bytes_per_second = done * 1e9 / static_cast<double>(state_.elapsed_ns);
    }
    line_.update(state_);
  }

 private:
  ProgressLine line_;
  ProgressState state_;
  uint64_t began_ns_;
};

}  // namespace coldload
