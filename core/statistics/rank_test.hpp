// Whether two groups of runs differ, without assuming how run times are distributed.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace coldload {

struct RankTest {
  double u = 0;  // pairs in which the second sample's value is the greater; a tie counts one half
  double p_value = 1;
  bool exact = true;  // from the permutation distribution, not the normal approximation
};

// Two-sided Mann-Whitney test of finite samples in any order. While the product of the sizes is at most
// limits::kRankTestExactPairsMax, p is exact, with ties too: the share of all assignments of the mid-ranks
// whose rank sum is at least as far from its mean. Beyond, the normal approximation corrected for ties and
// continuity (Hollander and Wolfe 1999, 4.1). An empty sample, or all values equal: p = 1. [any-thread]
[[nodiscard]] RankTest mann_whitney(std::span<const double> first, std::span<const double> second);

// The smallest p that samples of these sizes can have exactly: 2 of all assignments, the two that separate
// them wholly. 4 and 4 give 0.0286. At most 1. [any-thread]
[[nodiscard]] double smallest_p_value(size_t first_count, size_t second_count);

// Holm's step-down adjustment, in the order given: tests called at adjusted p <= 0.05 hold no false one in
// 95 % of families, however the tests depend on each other (Holm 1979). [any-thread]
[[nodiscard]] std::vector<double> holm(std::span<const double> p_values);

}  // namespace coldload
