#include <numeric>
#include <utility>

#include "core/plan/plan.hpp"

namespace coldload {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine, unlike the library's
// distributions.
uint64_t next_random(uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

std::vector<size_t> shuffled(size_t count, uint64_t seed) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[next_random(seed) % i]);
  return order;
}

}  // namespace

// Williams' design (1949): rows 0, 1, n-1, 2, n-2, … shifted by one each round, every second row reversed
// where n is odd. Over n rounds (2n where odd) each case follows each other equally often, so a case that
// leaves the machine warm or busy does not always disturb the same one.
std::vector<size_t> round_order(const Plan& plan, uint32_t repetition) {
  const size_t count = plan.cases.size();
  const std::vector<size_t> labels = shuffled(count, plan.scenario.run.seed);
  std::vector<size_t> order;
  order.reserve(count);
  const bool reversed = count % 2 == 1 && repetition % 2 == 1;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = reversed ? count - 1 - i : i;
    const size_t step = at % 2 == 1 ? (at + 1) / 2 : (count - at / 2) % count;
    order.push_back(labels[(step + repetition) % count]);
  }
  return order;
}

}  // namespace coldload
