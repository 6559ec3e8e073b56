// Anonymous memory for model bytes: mapped, counted, given back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/result.hpp"

namespace coldload {

// Private memory, aligned to huge pages and made of them as far as whole ones fit, where the kernel has them.
// Moved-from and default: empty.
class Memory {
 public:
  Memory() = default;
  Memory(Memory&& other) noexcept;
  Memory& operator=(Memory&& other) noexcept;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  // Error: out_of_memory with the size. Untouched: each page costs a fault at its first use.
  [[nodiscard]] static Result<Memory> map(uint64_t length_bytes);

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }

  // Writes one byte of every page, so that none is faulted in later. [control-thread]
  void touch() const;

 private:
  std::byte* data_ = nullptr;
  uint64_t size_bytes_ = 0;
};

[[nodiscard]] constexpr uint64_t round_up(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace coldload
