// Recorded run times (record_noise.py) and ways to deal them out to two cases that are the same.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/statistics/random.hpp"

namespace coldload {

// The series noise_<name>.txt, nanoseconds in time order.
std::vector<double> read_noise(const std::string& name);

struct TwoCases {
  std::vector<double> first;
  std::vector<double> second;
};

// Draws `runs` for each case out of the whole series, with replacement.
TwoCases draw_independently(std::span<const double> noise, size_t runs, Random& random);

// How the runs of two cases follow each other within consecutive rounds.
enum class Order {
  fixed,     // AB AB AB
  mirrored,  // AB BA AB
  random,    // each round its own
};

// Deals consecutive recorded runs out: `runs` rounds of one run a case.
TwoCases deal_rounds(std::span<const double> window, Order order, Random& random);

// 2 * runs consecutive values from a random place of the series.
std::span<const double> random_window(std::span<const double> noise, size_t runs, Random& random);

// Clopper and Pearson's one-sided 95 % upper bound of a share seen `hits` times of `tries`.
double share_upper_bound(size_t hits, size_t tries);

}  // namespace coldload
