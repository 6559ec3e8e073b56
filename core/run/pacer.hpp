// Keeps bytes to a rate: [run] max_bandwidth.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "core/base/result.hpp"

namespace coldload {

class Pacer {
 public:
  // `bytes_per_second` absent: nothing ever waits. `cancelled` is asked from any thread.
  Pacer(std::optional<uint64_t> bytes_per_second, std::function<bool()> cancelled);

  // Bytes are due from here on; before, from when it was made. [control-thread]
  void start();

  // Before `length` more bytes are moved: sleeps until those before them are due. Error (cancelled): the run
  // was stopped. Any thread.
  [[nodiscard]] Result<void> claim(uint64_t length);

  // Sleeps until `bytes` in all are due. Error as claim(). Any thread.
  [[nodiscard]] Result<void> wait_until_due(uint64_t bytes) const;

 private:
  std::optional<uint64_t> bytes_per_second_;
  std::function<bool()> cancelled_;
  uint64_t began_ns_;
  std::atomic<uint64_t> claimed_bytes_{0};
};

}  // namespace coldload
