#include "link.hpp"

#include <algorithm>

namespace coldload::shaped {
namespace {

constexpr uint64_t kBucketNs = 2'000'000;

uint64_t carrying_ns(uint64_t length, uint64_t rate) {
  if (rate == 0) return 0;
  return static_cast<uint64_t>(static_cast<double>(length) * 1e9 / static_cast<double>(rate));
}

// FNV-1a over the key, mixed with the rest by SplitMix64's finaliser (Steele, Lea, Flood 2014).
uint64_t mixed(std::string_view key, uint64_t offset, uint64_t seed) {
  uint64_t state = 14695981039346656037U;
  for (const char each : key) state = (state ^ static_cast<unsigned char>(each)) * 1099511628211U;
  state ^= offset * 0x9E3779B97F4A7C15U;
  state += seed * 0xD1B54A32D192ED03U;
  state = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9U;
  state = (state ^ (state >> 27U)) * 0x94D049BB133111EBU;
  return state ^ (state >> 31U);
}

}  // namespace

uint64_t Link::delay_ns(std::string_view key, uint64_t offset) const {
  if (shape_.jitter_ns == 0) return shape_.latency_ns;
  return shape_.latency_ns + mixed(key, offset, shape_.seed) % (shape_.jitter_ns + 1);
}

uint64_t Link::reserve(uint64_t first_byte_ns, uint64_t length) {
  const uint64_t carrying = carrying_ns(length, shape_.bandwidth);
  const uint64_t earliest = first_byte_ns - std::min(first_byte_ns, kBucketNs);
  uint64_t free = free_ns_.load(std::memory_order_relaxed);
  uint64_t end = 0;
  do {
    end = std::max(free, earliest) + carrying;
  } while (!free_ns_.compare_exchange_weak(free, end, std::memory_order_relaxed));
  return end;
}

uint64_t Link::due_ns(uint64_t now_ns, std::string_view key, uint64_t offset, uint64_t length) {
  const uint64_t first_byte = now_ns + delay_ns(key, offset);
  const uint64_t connection = first_byte + carrying_ns(length, shape_.per_connection);
  if (shape_.bandwidth == 0) return connection;
  return std::max(reserve(first_byte, length), connection);
}

}  // namespace coldload::shaped
