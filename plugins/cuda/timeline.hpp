// When copies ran and when somebody was reading, and what the two have in common. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace coldload::cuda {

// [begin, end) in nanoseconds of one clock.
struct Interval {
  uint64_t begin_ns = 0;
  uint64_t end_ns = 0;
};
using Intervals = std::vector<Interval>;

// Sorted, without overlaps and without empty ones: the time in which at least one of `intervals` ran.
[[nodiscard]] Intervals united(Intervals intervals);
[[nodiscard]] uint64_t total_ns(const Intervals& united);
// Time that both have in common; both united.
[[nodiscard]] uint64_t common_ns(const Intervals& a, const Intervals& b);

}  // namespace coldload::cuda
