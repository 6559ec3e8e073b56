// Bootstrap intervals of medians: what the same number of runs might have shown another time.
#pragma once

#include <span>
#include <vector>

#include "core/statistics/random.hpp"

namespace coldload {

struct Interval {
  double low = 0;
  double high = 0;
};

// Medians of as many resamples (drawn with replacement) as an interval is made of. `sorted` is ascending
// and not empty. [any-thread]
[[nodiscard]] std::vector<double> resampled_medians(std::span<const double> sorted, Random& random);

// The 95 % percentile interval of bootstrap estimates, which are not empty. Percentile rather than BCa: the
// jackknife that BCa takes its acceleration from does not converge for a median (Efron and Tibshirani 1993,
// 11.6). With few samples it is narrow: of 4 it never leaves [min, max], which holds the median 87.5 % of
// the time.
[[nodiscard]] Interval percentile_interval(std::vector<double> estimates);

}  // namespace coldload
