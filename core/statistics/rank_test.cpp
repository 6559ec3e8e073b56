#include "core/statistics/rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "core/base/limits.hpp"

namespace coldload {

namespace {

struct Ranks {
  std::vector<size_t> doubled;  // mid-ranks, times two: whole numbers even with ties; first sample first
  double tie_sum = 0;           // of t^3 - t over the groups of t equal values
};

Ranks rank_together(std::span<const double> first, std::span<const double> second) {
  std::vector<double> values(first.begin(), first.end());
  values.insert(values.end(), second.begin(), second.end());
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t position) { return values[position]; });

  Ranks ranks;
  ranks.doubled.resize(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) ranks.doubled[order[i]] = begin + 1 + end;
    const auto tied = static_cast<double>(end - begin);
    ranks.tie_sum += tied * tied * tied - tied;
    begin = end;
  }
  return ranks;
}

size_t distance(size_t a, size_t b) {
  return a > b ? a - b : b - a;
}

// How many choices of `chosen_count` ranks have each sum. Doubles, because C(64, 32) choices do not fit 64
// bits with sums of sums; only positive numbers are added, so the relative error stays near 1e-15 per step.
std::vector<double> count_choices_by_sum(std::vector<size_t> ranks, size_t chosen_count) {
  std::ranges::sort(ranks);
  const auto greatest = ranks.end() - static_cast<std::ptrdiff_t>(chosen_count);
  const size_t sum_count = std::accumulate(greatest, ranks.end(), size_t{1});
  std::vector<std::vector<double>> choices(chosen_count + 1, std::vector<double>(sum_count, 0.0));
  choices[0][0] = 1;
  for (const size_t rank : ranks) {
    for (size_t taken = chosen_count; taken > 0; --taken) {
      // Downwards, so that choices[taken - 1] does not hold this rank yet.
      for (size_t sum = rank; sum < sum_count; ++sum) choices[taken][sum] += choices[taken - 1][sum - rank];
    }
  }
  return choices[chosen_count];
}

double exact_p_value(const Ranks& ranks, size_t chosen_count, size_t rank_sum) {
  const std::vector<double> choices = count_choices_by_sum(ranks.doubled, chosen_count);
  const size_t mean = chosen_count * (ranks.doubled.size() + 1);
  const size_t observed = distance(rank_sum, mean);
  double all = 0;
  double as_far = 0;
  for (size_t sum = 0; sum < choices.size(); ++sum) {
    all += choices[sum];
    if (distance(sum, mean) >= observed) as_far += choices[sum];
  }
  return as_far / all;
}

double approximate_p_value(const Ranks& ranks, double pairs, double u) {
  const auto count = static_cast<double>(ranks.doubled.size());
  const double variance = pairs / 12 * (count + 1 - ranks.tie_sum / (count * (count - 1)));
  if (!(variance > 0)) return 1;
  const double distance_from_mean = std::max(0.0, std::abs(u - pairs / 2) - 0.5);
  return std::erfc(distance_from_mean / std::sqrt(2 * variance));
}

}  // namespace

RankTest mann_whitney(std::span<const double> first, std::span<const double> second) {
  if (first.empty() || second.empty()) return {};
  const Ranks ranks = rank_together(first, second);
  const auto boundary = ranks.doubled.begin() + static_cast<std::ptrdiff_t>(first.size());
  const size_t first_sum = std::accumulate(ranks.doubled.begin(), boundary, size_t{0});
  const size_t second_sum = std::accumulate(boundary, ranks.doubled.end(), size_t{0});
  const size_t pairs = first.size() * second.size();

  RankTest test;
  test.u = static_cast<double>(second_sum - second.size() * (second.size() + 1)) / 2;
  test.exact = pairs <= limits::kRankTestExactPairsMax;
  if (!test.exact) {
    test.p_value = approximate_p_value(ranks, static_cast<double>(pairs), test.u);
    return test;
  }
  // Both samples' sums are equally far from their means; choosing the smaller one costs less.
  const bool first_is_smaller = first.size() < second.size();
  test.p_value = exact_p_value(ranks, first_is_smaller ? first.size() : second.size(),
                               first_is_smaller ? first_sum : second_sum);
  return test;
}

double smallest_p_value(size_t first_count, size_t second_count) {
  double assignments = 1;
  for (size_t i = 1; i <= first_count; ++i) {
    assignments *= static_cast<double>(second_count + i) / static_cast<double>(i);
  }
  return std::min(1.0, 2 / assignments);
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t position) { return p_values[position]; });
  std::vector<double> adjusted(p_values.size());
  double so_far = 0;
  for (size_t step = 0; step < order.size(); ++step) {
    const auto left = static_cast<double>(order.size() - step);
    so_far = std::max(so_far, std::min(1.0, left * p_values[order[step]]));
    adjusted[order[step]] = so_far;
  }
  return adjusted;
}

}  // namespace coldload
