#include "core/statistics/summary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace coldload {

double quantile(std::span<const double> sorted, double q) {
  if (sorted.empty()) return 0;
  const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  if (below + 1 >= sorted.size()) return sorted.back();
  return std::lerp(sorted[below], sorted[below + 1], position - static_cast<double>(below));
}

Summary summarize(std::span<const double> samples, uint64_t seed) {
  std::vector<double> sorted;
  std::ranges::copy_if(samples, std::back_inserter(sorted),
                       [](double value) { return std::isfinite(value); });
  if (sorted.empty()) return {};
  std::ranges::sort(sorted);

  Summary summary;
  summary.count = sorted.size();
  summary.median = quantile(sorted, 0.5);
  summary.mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
  summary.min = sorted.front();
  summary.max = sorted.back();
  summary.quartile_low = quantile(sorted, 0.25);
  summary.quartile_high = quantile(sorted, 0.75);
  if (summary.median != 0) {
    summary.spread = (summary.quartile_high - summary.quartile_low) / summary.median;
  }
  Random random(seed);
  summary.median_interval = percentile_interval(resampled_medians(sorted, random));
  return summary;
}

PairedRatio paired_ratio_interval(std::span<const Pair> pairs, uint64_t seed) {
  std::vector<double> ratios;
  for (const Pair& pair : pairs) {
    if (!(pair.baseline > 0) || !(pair.other > 0)) continue;
    if (!std::isfinite(pair.baseline) || !std::isfinite(pair.other)) continue;
    ratios.push_back(pair.other / pair.baseline);
  }
  const Summary summary = summarize(ratios, seed);
  return {summary.count, summary.median, summary.median_interval};
}

}  // namespace coldload
