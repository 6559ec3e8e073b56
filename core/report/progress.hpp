// The one live line on stderr.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coldload {

struct ProgressState {
  size_t run_number = 0;  // 1 is the first
  size_t run_count = 0;
  std::string case_id;
  std::string phase;                       // "load"
  std::optional<double> share;             // of the phase, 0 to 1
  std::optional<double> bytes_per_second;  // absent where nothing flows
  uint64_t elapsed_ns = 0;                 // since the first run started
  double done = 0;                         // of `total`, in any unit that grows evenly with time
  double total = 0;
};

// "[ 7/66] nvme/parallel,threads=4/stream/cold  load  43 %  1.23 GB/s  ETA 12 min": at most `columns` wide;
// the case's id is cut first, "…" for what is missing. [any-thread]
[[nodiscard]] std::string progress_line(const ProgressState& state, size_t columns);

// Redraws that line in place, at most ten times a second, on a terminal that can; elsewhere (a file, a pipe,
// TERM=dumb or none) it is silent and messages are plain lines. Uses no colour, so NO_COLOR is always kept.
// Failed writes are ignored: progress must not end a run. [control-thread]
class ProgressLine {
 public:
  // `fd` is not owned.
  explicit ProgressLine(int fd);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void update(const ProgressState& state);
  // Removes the line until the next update.
  void clear();
  // A line of its own, above the live one.
  void message(std::string_view text);

  [[nodiscard]] bool is_live() const { return live_; }

 private:
  void draw(const ProgressState& state);

  int fd_;
  bool live_;
  std::optional<ProgressState> shown_;
  uint64_t drawn_ns_ = 0;
};

}  // namespace coldload
