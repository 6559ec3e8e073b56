#include "noise.hpp"

#include <cmath>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace coldload {

std::vector<double> read_noise(const std::string& name) {
  const std::string path = std::string(COLDLOAD_SOURCE_DIR "/tests/unit/statistics/noise_") + name + ".txt";
  std::ifstream file(path);
  std::string header;
  if (!std::getline(file, header) || !header.starts_with("# ns, in time order")) {
    throw std::runtime_error(path + ": not a recorded series");
  }
  std::vector<double> values;
  for (double value = 0; file >> value;) values.push_back(value);
  return values;
}

TwoCases draw_independently(std::span<const double> noise, size_t runs, Random& random) {
  TwoCases cases;
  for (size_t i = 0; i < runs; ++i) {
    cases.first.push_back(noise[random.below(noise.size())]);
    cases.second.push_back(noise[random.below(noise.size())]);
  }
  return cases;
}

TwoCases deal_rounds(std::span<const double> window, Order order, Random& random) {
  TwoCases cases;
  for (size_t round = 0; round < window.size() / 2; ++round) {
    double first = window[2 * round];
    double second = window[2 * round + 1];
    const bool coin = random.below(2) == 1;
    if ((order == Order::mirrored && round % 2 == 1) || (order == Order::random && coin)) {
      std::swap(first, second);
    }
    cases.first.push_back(first);
    cases.second.push_back(second);
  }
  return cases;
}

std::span<const double> random_window(std::span<const double> noise, size_t runs, Random& random) {
  return noise.subspan(random.below(noise.size() - 2 * runs + 1), 2 * runs);
}

namespace {

double at_most_hits_probability(size_t hits, size_t tries, double share) {
  double sum = 0;
  double log_choose = 0;
  for (size_t i = 0; i <= hits; ++i) {
    if (i > 0) log_choose += std::log(static_cast<double>(tries - i + 1) / static_cast<double>(i));
    sum += std::exp(log_choose + static_cast<double>(i) * std::log(share) +
                    static_cast<double>(tries - i) * std::log1p(-share));
  }
  return sum;
}

}  // namespace

double share_upper_bound(size_t hits, size_t tries) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (at_most_hits_probability(hits, tries, middle) > 0.05 ? low : high) = middle;
  }
  return high;
}

}  // namespace coldload
