// Which faults are worth another try, how long to wait before it, and the count of them that a record shows.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "http.hpp"

namespace coldload::s3 {

// "503", "reset", "timeout": what passes by itself; nothing for what will not. An answer that was refused is
// no such fault: its bytes cannot be trusted, and asking again would hide that.
[[nodiscard]] std::optional<std::string> passing_fault(Transport transport, int status);

// Full jitter: anywhere from nothing to twice as much each time, so that many readers do not come back at
// once.
class Backoff {
 public:
  explicit Backoff(uint32_t seed) : random_(seed) {}
  // `tries` already made, at least 1.
  [[nodiscard]] uint64_t delay_ms(uint32_t tries);
  [[nodiscard]] static uint64_t delay_ms_max(uint32_t tries);

 private:
  std::minstd_rand random_;
};

// [any-thread]
class FaultCounts {
 public:
  void add(const std::string& fault);
  [[nodiscard]] uint64_t total() const;
  // "3 retries (2x 503, 1x reset)"
  [[nodiscard]] std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> counts_;
};

}  // namespace coldload::s3
