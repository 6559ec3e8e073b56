#include "core/analyse/advice.hpp"

#include <algorithm>

#include "core/analyse/advisers.hpp"
#include "core/analyse/words.hpp"

namespace coldload {
namespace {

// What a sentence rests on is named once.
void name_once(std::vector<std::string>& basis) {
  std::vector<std::string> once;
  for (std::string& entry : basis) {
    if (std::ranges::find(once, entry) == once.end()) once.push_back(std::move(entry));
  }
  basis = std::move(once);
}

// Sentences begin large and end with a period; parts of one longer sentence do not.
void finish(std::vector<Statement>& statements) {
  for (Statement& statement : statements) {
    name_once(statement.basis);
    statement.text = sentence_case(std::move(statement.text));
    if (!statement.text.ends_with('.') && !statement.text.ends_with("…")) statement.text += '.';
  }
}

}  // namespace

Advice advise(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses,
              const std::vector<Finding>& findings, const Decision& decision, const BootstrapPlan& plan) {
  const AdviceView view{document, analyses, findings, decision, plan};
  Advice advice;
  advice.answer = answer_of(view);
  advice.recommendation = recommendation_of(view);
  advice.bootstrap = bootstrap_of(view);
  advice.takeaways = takeaways_of(view);
  advice.reservations = reservations_of(view);
  for (Statement& statement : advice.bootstrap) name_once(statement.basis);
  finish(advice.answer);
  finish(advice.recommendation);
  finish(advice.takeaways);
  finish(advice.reservations);
  return advice;
}

Report make_report(const ResultDocument& document, const std::string& run_id, const std::string& client) {
  Report report;
  report.document = &document;
  report.run_id = run_id;
  report.client = client;
  report.cases = analyse_cases(document);
  report.findings = find_all(document, report.cases);
  report.decision = decide(document, report.cases);
  report.bootstrap = plan_bootstrap(document, report.decision, run_id);
  report.advice = advise(document, report.cases, report.findings, report.decision, report.bootstrap);
  return report;
}

}  // namespace coldload
