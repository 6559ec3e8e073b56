// The decision in sentences, each with the cases it rests on. Every rendering shows these same sentences.
#pragma once

#include <string>
#include <vector>

#include "core/analyse/bootstrap_plan.hpp"
#include "core/analyse/decision.hpp"
#include "core/analyse/finding.hpp"
#include "core/analyse/statement.hpp"

namespace coldload {

struct Advice {
  std::vector<Statement> answer;          // at most two sentences: where the weights should live, and why
  std::vector<Statement> recommendation;  // 4 to 6: home, staging, each tier of the policy, pre-warming
  // "If I owned this node's bootstrap, I would …": what the script does, in its order; parts of one sentence,
  // with small letters and no period.
  std::vector<Statement> bootstrap;
  std::vector<Statement> takeaways;     // three, for production
  std::vector<Statement> reservations;  // not measured, not proved, emulated, sampled
};
[[nodiscard]] Advice advise(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses,
                            const std::vector<Finding>& findings, const Decision& decision,
                            const BootstrapPlan& plan);

// All that a report shows, computed once.
struct Report {
  const ResultDocument* document = nullptr;  // must outlive this
  std::string run_id;
  std::string client;  // "" where none was named
  std::vector<CaseAnalysis> cases;
  std::vector<Finding> findings;
  Decision decision;
  BootstrapPlan bootstrap;
  Advice advice;

  Report() = default;
  Report(const Report&) = delete;  // the decision points into `cases`
  Report& operator=(const Report&) = delete;
  Report(Report&&) = default;
  Report& operator=(Report&&) = default;
};
[[nodiscard]] Report make_report(const ResultDocument& document, const std::string& run_id,
                                 const std::string& client);

}  // namespace coldload
