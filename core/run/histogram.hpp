// Latencies from many threads at once, in 32 equal buckets to an octave: at most 3.2 % wide.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace coldload {

class Histogram {
 public:
  // [any-thread]
  void add(uint64_t value) { counts_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] uint64_t count() const {
    uint64_t total = 0;
    for (const auto& bucket : counts_) total += bucket.load(std::memory_order_relaxed);
    return total;
  }

  // The upper bound of the bucket that holds the share `quantile` (0..1] of all values; 0 when empty.
  [[nodiscard]] uint64_t at(double quantile) const {
    const uint64_t total = count();
    if (total == 0) return 0;
    const double wanted = quantile * static_cast<double>(total);
    uint64_t seen = 0;
    for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket].load(std::memory_order_relaxed);
      if (static_cast<double>(seen) >= wanted) return upper_bound_of(bucket);
    }
    return upper_bound_of(counts_.size() - 1);
  }

 private:
  static constexpr unsigned kSubBits = 5;
  static constexpr size_t kBuckets = (64 - kSubBits + 1) << kSubBits;

  static size_t bucket_of(uint64_t value) {
    if (value < (1U << kSubBits)) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kSubBits;
    return (static_cast<size_t>(shift + 1) << kSubBits) + ((value >> shift) & ((1U << kSubBits) - 1));
  }
  static uint64_t upper_bound_of(size_t bucket) {
    if (bucket < (1U << kSubBits)) return bucket;
    const size_t shift = (bucket >> kSubBits) - 1;
    const uint64_t mantissa = (1U << kSubBits) + (bucket & ((1U << kSubBits) - 1)) + 1;
    return (mantissa << shift) - 1;
  }

  std::array<std::atomic<uint64_t>, kBuckets> counts_{};
};

}  // namespace coldload
