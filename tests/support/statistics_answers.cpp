// Answers questions about samples with coldload's statistics, one a line, so that another program can hold
// the answers against its own. Numbers are separated by blanks and written so that they read back exactly.
//
//   mann_whitney A… | B…    ->  U P exact|approximate
//   quantile Q X…           ->  the Q-quantile
//   summary X…              ->  median mean min max quartile_low quartile_high
//   interval X…             ->  the percentile interval of these estimates: low high
//   holm P…                 ->  the adjusted P, in the order given
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "core/statistics/bootstrap.hpp"
#include "core/statistics/rank_test.hpp"
#include "core/statistics/summary.hpp"

namespace coldload {
namespace {

std::vector<double> numbers_until_bar(std::istringstream& words) {
  std::vector<double> numbers;
  for (std::string word; words >> word && word != "|";) numbers.push_back(std::stod(word));
  return numbers;
}

std::string joined(const std::vector<double>& numbers) {
  std::string out;
  for (const double number : numbers) out += fmt::format("{}{}", out.empty() ? "" : " ", number);
  return out;
}

std::string answer(const std::string& question) {
  std::istringstream words(question);
  std::string kind;
  words >> kind;
  std::vector<double> first = numbers_until_bar(words);
  if (kind == "mann_whitney") {
    const RankTest test = mann_whitney(first, numbers_until_bar(words));
    return fmt::format("{} {} {}", test.u, test.p_value, test.exact ? "exact" : "approximate");
  }
  if (kind == "quantile") {
    const double q = first.front();
    first.erase(first.begin());
    std::ranges::sort(first);
    return joined({quantile(first, q)});
  }
  if (kind == "summary") {
    const Summary summary = summarize(first, 1);
    return joined({summary.median, summary.mean, summary.min, summary.max, summary.quartile_low,
                   summary.quartile_high});
  }
  if (kind == "interval") {
    const Interval interval = percentile_interval(first);
    return joined({interval.low, interval.high});
  }
  if (kind == "holm") return joined(holm(first));
  return "unknown question";
}

}  // namespace
}  // namespace coldload

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << coldload::answer(line) << "\n";
  return 0;
}
