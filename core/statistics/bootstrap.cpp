#include "core/statistics/bootstrap.hpp"

#include <algorithm>

#include "core/statistics/summary.hpp"

namespace coldload {

namespace {

constexpr size_t kResamples = 2000;

// Works on positions, which order as the values do: what is drawn are small integers.
double median_of_positions(std::span<const double> sorted, std::vector<size_t>& positions) {
  const auto middle = positions.begin() + static_cast<std::ptrdiff_t>(positions.size() / 2);
  std::nth_element(positions.begin(), middle, positions.end());
  const double upper = sorted[*middle];
  if (positions.size() % 2 == 1) return upper;
  return (sorted[*std::max_element(positions.begin(), middle)] + upper) / 2;
}

}  // namespace

std::vector<double> resampled_medians(std::span<const double> sorted, Random& random) {
  std::vector<double> medians(kResamples);
  std::vector<size_t> positions(sorted.size());
  for (double& median : medians) {
    for (size_t& position : positions) position = random.below(sorted.size());
    median = median_of_positions(sorted, positions);
  }
  return medians;
}

Interval percentile_interval(std::vector<double> estimates) {
  std::ranges::sort(estimates);
  return {quantile(estimates, 0.025), quantile(estimates, 0.975)};
}

}  // namespace coldload
