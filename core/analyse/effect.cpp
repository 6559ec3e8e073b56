#include "core/analyse/effect.hpp"

#include <algorithm>
#include <utility>

namespace coldload {

double Effect::factor() const {
  return slow == nullptr ? 1 : slow->cold_load.median / fast->cold_load.median;
}

Effect effect_among(const ResultDocument& document, std::vector<const CaseAnalysis*> members) {
  Effect effect{std::move(members), nullptr, nullptr};
  if (effect.members.empty()) return effect;
  effect.fast = *std::ranges::min_element(effect.members, {},
                                          [](const CaseAnalysis* one) { return one->cold_load.median; });
  std::vector<const CaseAnalysis*> others;
  std::vector<std::vector<double>> seconds;
  for (const CaseAnalysis* member : effect.members) {
    if (member == effect.fast) continue;
    others.push_back(member);
    seconds.push_back(ranked_seconds(document, *member->record));
  }
  const auto comparisons =
      compare_all(ranked_seconds(document, *effect.fast->record), seconds, seed_of(document));
  for (size_t i = 0; i < others.size(); ++i) {
    if (comparisons[i].verdict != Verdict::slower) continue;
    if (effect.slow == nullptr || others[i]->cold_load.median > effect.slow->cold_load.median)
      effect.slow = others[i];
  }
  return effect;
}

bool shown_faster(const ResultDocument& document, const CaseAnalysis& fast, const CaseAnalysis& slow) {
  const auto comparison = compare(ranked_seconds(document, *slow.record),
                                  ranked_seconds(document, *fast.record), seed_of(document));
  return comparison.verdict == Verdict::faster;
}

}  // namespace coldload
