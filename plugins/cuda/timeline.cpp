#include "timeline.hpp"

#include <algorithm>

namespace coldload::cuda {

Intervals united(Intervals intervals) {
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.begin_ns < b.begin_ns; });
  Intervals all;
  for (const Interval& each : intervals) {
    if (each.end_ns <= each.begin_ns) continue;
    if (!all.empty() && each.begin_ns <= all.back().end_ns) {
      all.back().end_ns = std::max(all.back().end_ns, each.end_ns);
    } else {
      all.push_back(each);
    }
  }
  return all;
}

uint64_t total_ns(const Intervals& united) {
  uint64_t total = 0;
  for (const Interval& each : united) total += each.end_ns - each.begin_ns;
  return total;
}

uint64_t common_ns(const Intervals& a, const Intervals& b) {
  uint64_t common = 0;
  auto one = a.begin();
  auto other = b.begin();
  while (one != a.end() && other != b.end()) {
    const uint64_t begin = std::max(one->begin_ns, other->begin_ns);
    const uint64_t end = std::min(one->end_ns, other->end_ns);
    if (begin < end) common += end - begin;
    if (one->end_ns < other->end_ns) {
      ++one;
    } else {
      ++other;
    }
  }
  return common;
}

}  // namespace coldload::cuda
