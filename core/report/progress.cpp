#include "core/report/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

constexpr uint64_t kRedrawNs = 100'000'000;
// Before that a guess jumps about.
constexpr uint64_t kEtaElapsedMinNs = 2'000'000'000;
constexpr size_t kColumnsUnknown = 80;
constexpr std::string_view kErase = "\r\x1b[K";

bool is_capable_terminal(int fd) {
  if (::isatty(fd) != 1) return false;
  const char* term = std::getenv("TERM");
  return term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
}

size_t columns_of_terminal(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsUnknown;
  return size.ws_col;
}

std::string remaining(const ProgressState& state) {
  if (state.elapsed_ns < kEtaElapsedMinNs || !(state.done > 0) || !(state.total > state.done)) return {};
  const double seconds = static_cast<double>(state.elapsed_ns) * 1e-9 * (state.total / state.done - 1);
  if (!std::isfinite(seconds) || seconds > 1e7) return {};
  const auto whole = static_cast<uint64_t>(std::ceil(seconds));
  // A guess deserves one figure of the unit that matters.
  if (whole < 60) return fmt::format("  ETA {} s", whole);
  if (whole < 5400) return fmt::format("  ETA {} min", (whole + 30) / 60);
  return fmt::format("  ETA {} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

std::string progress_line(const ProgressState& state, size_t columns) {
  const std::string count = std::to_string(state.run_count);
  const std::string before = fmt::format("[{:>{}}/{}] ", state.run_number, count.size(), count);
  std::string after = "  " + printable(state.phase);
  // As wide at 3 % as at 100 %, so that the rest stands still.
  if (state.share) after += fmt::format(" {:3.0f} %", std::floor(std::clamp(*state.share, 0.0, 1.0) * 100));
  if (state.bytes_per_second) after += "  " + format_rate(*state.bytes_per_second);
  after += remaining(state);
  const size_t taken = columns_of(before) + columns_of(after);
  constexpr size_t kIdColumnsMin = 8;
  const size_t room = taken + kIdColumnsMin <= columns ? columns - taken : kIdColumnsMin;
  return shortened(before + shortened(printable(state.case_id), room) + after, columns);
}

ProgressLine::ProgressLine(int fd) : fd_(fd), live_(is_capable_terminal(fd)) {}

void ProgressLine::update(const ProgressState& state) {
  if (!live_) return;
  const bool first = !shown_;
  shown_ = state;
  if (!first && now_ns() - drawn_ns_ < kRedrawNs) return;
  draw(*shown_);
}

void ProgressLine::draw(const ProgressState& state) {
  // The last column stays free: a terminal wraps when it is filled, and \r would not find the line's start.
  const std::string line = progress_line(state, columns_of_terminal(fd_) - 1);
  (void)write_all(fd_, fmt::format("\r{}\x1b[K", line));
  drawn_ns_ = now_ns();
}

void ProgressLine::clear() {
  if (!shown_) return;
  shown_.reset();
  (void)write_all(fd_, kErase);
}

void ProgressLine::message(std::string_view text) {
  (void)write_all(fd_, fmt::format("{}{}\n", shown_ ? kErase : std::string_view(), text));
  if (shown_) draw(*shown_);
}

}  // namespace coldload
