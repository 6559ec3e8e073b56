// What a program wrote to stdout and stderr, within bounds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace coldload::command {

class Output {
 public:
  // The log that phases are looked for in: from its start, up to this many bytes.
  static constexpr size_t kScannedBytesMax = size_t{4} << 20;
  // The last of it, which the record keeps.
  static constexpr size_t kKeptBytesMax = size_t{32} << 10;

  void take(std::string_view bytes);
  // Calls `see` with each line that has ended since the last call, until it says true; says whether it did.
  // `last`: nothing more comes, so what follows the last newline is a line too. A line longer than
  // kKeptBytesMax counts as one without its beginning.
  [[nodiscard]] bool any_new_line(bool last, const std::function<bool(std::string_view)>& see);

  [[nodiscard]] uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] std::string_view scanned() const { return scanned_; }
  // Whole lines, at most kKeptBytesMax; credentials of our environment are "[NAME]" in it.
  [[nodiscard]] std::string kept() const;
  // Of kept(), without its newline; "" where nothing was written.
  [[nodiscard]] std::string last_line() const;

 private:
  uint64_t bytes_written_ = 0;
  std::string scanned_;
  std::string tail_;
  std::string unseen_;  // lines not yet looked at
};

// `text` with the values of environment variables that hold credentials replaced by "[NAME]".
[[nodiscard]] std::string without_credentials(std::string text);

}  // namespace coldload::command
