// Which bytes of an item were delivered: each exactly once, or it is an error.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/result.hpp"

namespace coldload {

class Coverage {
 public:
  explicit Coverage(uint64_t size_bytes) : size_bytes_(size_bytes) {}

  // Notes [offset, offset + length). Error (internal): past the end, or delivered before. [any-thread]
  [[nodiscard]] Result<void> add(uint64_t offset, uint64_t length);

  // The first byte range that never came, as "bytes 0-4095"; nothing if complete. [any-thread]
  [[nodiscard]] std::optional<std::string> first_gap() const;
  [[nodiscard]] uint64_t covered_bytes() const;

 private:
  uint64_t size_bytes_;
  mutable std::mutex mutex_;
  std::map<uint64_t, uint64_t> ranges_;  // begin -> end, never touching each other
  uint64_t covered_bytes_ = 0;
};

}  // namespace coldload
