// What a case's runs come to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/statistics/bootstrap.hpp"

namespace coldload {

struct Summary {
  size_t count = 0;
  double median = 0;
  double mean = 0;
  double min = 0;
  double max = 0;
  double quartile_low = 0;
  double quartile_high = 0;
  Interval median_interval;  // bootstrap, 95 %
  double spread = 0;         // interquartile range / median; 0 when the median is 0
};

// Summarizes samples of one unit, in any order. Values that are not finite are left out and not counted.
// Of no sample everything is 0; of one, every figure is it and the interval is degenerate (low = high).
// The same samples and seed give the same interval everywhere. [any-thread]
[[nodiscard]] Summary summarize(std::span<const double> samples, uint64_t seed);

// The q-quantile, 0 <= q <= 1, of ascending values, with linear interpolation between neighbours (Hyndman
// and Fan's type 7, the default of R and NumPy). 0 for no values. [any-thread]
[[nodiscard]] double quantile(std::span<const double> sorted, double q);

// A run of the baseline and one of the other case from the same round.
struct Pair {
  double baseline = 0;
  double other = 0;
};

struct PairedRatio {
  size_t count = 0;
  double ratio = 0;   // median of other / baseline over the pairs
  Interval interval;  // bootstrap over the pairs, 95 %
};

// The ratio of runs taken in pairs: slow drift, which both runs of a pair share, cancels. Pairs that are not
// two finite positive values are left out and not counted; of no pair everything is 0, of one the interval
// is degenerate. [any-thread]
[[nodiscard]] PairedRatio paired_ratio_interval(std::span<const Pair> pairs, uint64_t seed);

}  // namespace coldload
