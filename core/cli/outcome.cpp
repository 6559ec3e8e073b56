#include "core/cli/outcome.hpp"

#include <algorithm>

namespace coldload {

ExitCode outcome_of(const ResultDocument& document) {
  if (document.interrupted) return ExitCode::interrupted;
  const auto is = [](CaseStatus status) {
    return [status](const CaseRecord& record) { return record.status == status; };
  };
  const bool integrity = std::ranges::any_of(document.runs, [](const RunRecord& run) {
    return run.status == RunStatus::failed && run.reason.starts_with("integrity:");
  });
  if (integrity) return ExitCode::integrity;
  if (std::ranges::any_of(document.cases, is(CaseStatus::failed))) return ExitCode::case_failed;
  const bool broken = std::ranges::any_of(document.expectations, [](const json::value& entry) {
    return entry.is_object() && !json::bool_or(entry.get_object(), "kept", true);
  });
  if (broken) return ExitCode::expectation_broken;
  const bool any_ran = std::ranges::any_of(document.cases, is(CaseStatus::ok));
  return any_ran ? ExitCode::ok : ExitCode::environment;
}

ExitCode outcome_of(const Plan& plan) {
  const auto failed = [](const Case& subject) { return subject.survey_failed.has_value(); };
  const bool integrity = std::ranges::any_of(plan.cases, [](const Case& subject) {
    return subject.survey_failed && subject.survey_failed->status == Status::integrity;
  });
  if (integrity) return ExitCode::integrity;
  if (std::ranges::any_of(plan.cases, failed)) return ExitCode::case_failed;
  return std::ranges::any_of(plan.cases, &Case::runs) ? ExitCode::ok : ExitCode::environment;
}

}  // namespace coldload
