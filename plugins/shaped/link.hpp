// The emulated network link: when a read that is asked for now may end.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace coldload::shaped {

// All rates in bytes per second, 0: no limit.
struct Shape {
  uint64_t bandwidth = 0;       // of the link, shared by all reads under way
  uint64_t per_connection = 0;  // of one read
  uint64_t latency_ns = 0;      // from asking to the first byte
  uint64_t jitter_ns = 0;       // added to the latency: 0 up to this, by seed, key and offset
  uint64_t seed = 0;
};

// One link, shared by every thread. A token bucket of two milliseconds: late wake-ups do not add up to less
// than the bandwidth, and a pause saves up no more than that.
class Link {
 public:
  explicit Link(const Shape& shape) : shape_(shape) {}

  // The time before which the read of `length` bytes at `offset` of `key`, asked for at `now_ns`, may not
  // end; reserves its place on the link. [any-thread]
  [[nodiscard]] uint64_t due_ns(uint64_t now_ns, std::string_view key, uint64_t offset, uint64_t length);

  // The latency of this read with its jitter: the same for the same seed, key and offset, whatever the order
  // of reads. [any-thread]
  [[nodiscard]] uint64_t delay_ns(std::string_view key, uint64_t offset) const;

 private:
  [[nodiscard]] uint64_t reserve(uint64_t first_byte_ns, uint64_t length);

  Shape shape_;
  std::atomic<uint64_t> free_ns_{0};  // when the link has carried all that is reserved
};

}  // namespace coldload::shaped
