// How far apart the cases of a group were shown to be.
#pragma once

#include <string>
#include <vector>

#include "core/analyse/case_summary.hpp"

namespace coldload {

struct Effect {
  std::vector<const CaseAnalysis*> members;  // what was compared, as given
  const CaseAnalysis* fast = nullptr;        // the fastest; null of an empty group
  const CaseAnalysis* slow = nullptr;  // of those shown to take longer than it, the slowest; null: none was

  [[nodiscard]] bool varied() const { return members.size() > 1; }
  [[nodiscard]] bool shown() const { return slow != nullptr; }
  // Median of the slow one / median of the fast one; 1 where no difference was shown.
  [[nodiscard]] double factor() const;
};

// Compares the fastest with each of the rest, one family of tests. [any-thread]
[[nodiscard]] Effect effect_among(const ResultDocument& document, std::vector<const CaseAnalysis*> members);

// Whether `fast` was shown to be faster than `slow`. [any-thread]
[[nodiscard]] bool shown_faster(const ResultDocument& document, const CaseAnalysis& fast,
                                const CaseAnalysis& slow);

}  // namespace coldload
