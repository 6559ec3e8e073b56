// Memory to read into that tells what was written to it, and around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace coldload::conformance {

// `capacity_bytes` for bytes of an object from `offset`, at an address congruent to it modulo 4096, with 64
// KiB of marks on either side. [any-thread], one at a time
class GuardedBuffer {
 public:
  GuardedBuffer(uint64_t offset, uint64_t capacity_bytes);
  ~GuardedBuffer();
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  [[nodiscard]] std::byte* data() const { return data_; }
  void fill(unsigned char value) const;
  // "" or how many marks beside the buffer are gone, and how far.
  [[nodiscard]] std::string trespass() const;

 private:
  std::byte* map_ = nullptr;
  uint64_t map_bytes_ = 0;
  std::byte* data_ = nullptr;
  uint64_t capacity_bytes_ = 0;
};

}  // namespace coldload::conformance
