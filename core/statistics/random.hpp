// A generator that gives the same numbers with every compiler and library: a document's intervals can be
// computed again anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace coldload {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // Evenly in [0, bound), for a bound of 1 to 2^32 - 1; its bias is below bound / 2^32.
  // Not std::uniform_int_distribution, whose mapping the standard leaves to each library.
  [[nodiscard]] size_t below(size_t bound) {
    return static_cast<size_t>(((engine_() >> 32U) * bound) >> 32U);
  }

 private:
  std::mt19937_64 engine_;
};

// A seed for the `index`-th of several generators that follow from one seed (SplitMix64's finalizer).
[[nodiscard]] constexpr uint64_t derived_seed(uint64_t seed, uint64_t index) {
  uint64_t mixed = seed + (index + 1) * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace coldload
