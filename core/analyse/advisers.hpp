// The parts that advise() puts together.
#pragma once

#include <vector>

#include "core/analyse/advice.hpp"

namespace coldload {

struct AdviceView {
  const ResultDocument& document;
  const std::vector<CaseAnalysis>& analyses;
  const std::vector<Finding>& findings;
  const Decision& decision;
  const BootstrapPlan& plan;
};

[[nodiscard]] std::vector<Statement> answer_of(const AdviceView& view);
[[nodiscard]] std::vector<Statement> recommendation_of(const AdviceView& view);
[[nodiscard]] std::vector<Statement> bootstrap_of(const AdviceView& view);
[[nodiscard]] std::vector<Statement> takeaways_of(const AdviceView& view);
[[nodiscard]] std::vector<Statement> reservations_of(const AdviceView& view);

// What a sentence rests on: the ids of these cases, those that are null left out.
[[nodiscard]] std::vector<std::string> ids_of(std::initializer_list<const CaseAnalysis*> analyses);
// "1.23 s", the case's median.
[[nodiscard]] std::string median_in_words(const CaseAnalysis& analysis);

}  // namespace coldload
