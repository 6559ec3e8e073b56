// A comparison of two result documents as people and programs read it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/compare.hpp"
#include "core/analyse/compare_threshold.hpp"
#include "core/base/json.hpp"

namespace coldload {

// What is compared, for the heading.
struct ComparedSide {
  std::string where;  // the folder or file, as given
  std::string cases;  // the glob; "" where all are meant
  const ResultDocument* document = nullptr;
};

struct ComparisonReport {
  ComparedSide base;
  ComparedSide fresh;
  const DocumentComparison* comparison = nullptr;
  std::vector<ThresholdOutcome> thresholds;
};

// What differs around the runs first, then a row for each compared case (runs, both medians, their ratio with
// its 95 % interval, the verdict in words, notes), then what could not be compared and why, the thresholds,
// and a line that counts. `width` 0 has no limit. Ends with a newline. [any-thread]
[[nodiscard]] std::string compare_text(const ComparisonReport& report, size_t width);
[[nodiscard]] std::string compare_markdown(const ComparisonReport& report);
// docs/result-schema.md lists its fields. [any-thread]
[[nodiscard]] json::value compare_json(const ComparisonReport& report);

}  // namespace coldload
