#include <algorithm>
#include <vector>

#include "core/analyse/compare.hpp"
#include "core/analyse/compare_threshold.hpp"
#include "core/cli/commands.hpp"
#include "core/cli/terminal.hpp"
#include "core/record/journal.hpp"
#include "core/report/compare_text.hpp"
#include "core/scenario/glob.hpp"

namespace coldload {
namespace {

struct Inputs {
  ResultDocument base;
  ResultDocument fresh;  // of two documents
  bool within_one = false;
};

Result<Inputs> read_inputs(const CompareCommand& command) {
  Inputs inputs;
  inputs.within_one = !command.cases.empty();
  auto base = read_run(command.base);
  if (!base) return pass(base);
  inputs.base = std::move(*base);
  if (inputs.within_one) return inputs;
  auto fresh = read_run(command.fresh);
  if (!fresh) return pass(fresh);
  inputs.fresh = std::move(*fresh);
  return inputs;
}

Result<std::vector<CompareThreshold>> parse_thresholds(const std::vector<std::string>& texts) {
  std::vector<CompareThreshold> thresholds;
  for (const std::string& text : texts) {
    auto threshold = parse_compare_threshold(text);
    if (!threshold) {
      return fail(threshold.error().status, "--fail-if " + threshold.error().message);
    }
    thresholds.push_back(std::move(*threshold));
  }
  return thresholds;
}

void print_report(const ComparisonReport& report, const std::string& format) {
  if (format == "json") {
    print_out(json::dump_pretty(compare_json(report)));
  } else if (format == "markdown") {
    print_out(compare_markdown(report));
  } else {
    print_out(compare_text(report, terminal_width()));
  }
}

ExitCode outcome_of(const ComparisonReport& report) {
  const bool broken = std::ranges::any_of(
      report.thresholds, [](const ThresholdOutcome& outcome) { return !outcome.broken.empty(); });
  if (broken) return ExitCode::expectation_broken;
  if (!report.comparison->compared.empty()) return ExitCode::ok;
  print_error("error: no case of the two can be compared");
  return ExitCode::environment;
}

}  // namespace

ExitCode compare_command(const CompareCommand& command) {
  if (command.cases.empty() == command.fresh.empty()) {
    print_error(
        "error: give two runs to compare, or one and two globs of its cases: compare RUN --cases 'A/*' "
        "'B/*'");
    return ExitCode::usage;
  }
  const auto thresholds = parse_thresholds(command.fail_if);
  if (!thresholds) return refuse(thresholds.error());
  const auto inputs = read_inputs(command);
  if (!inputs) return refuse(inputs.error());
  ComparisonReport report;
  report.base = {command.base, "", &inputs->base};
  report.fresh = {command.fresh, "", &inputs->fresh};
  DocumentComparison comparison;
  if (inputs->within_one) {
    report.fresh = report.base;
    report.base.cases = command.cases.front();
    report.fresh.cases = command.cases.back();
    auto compared = compare_cases(inputs->base, {report.base.cases, report.fresh.cases}, glob_captures);
    if (!compared) return refuse(compared.error());
    comparison = std::move(*compared);
  } else {
    comparison = compare_documents(inputs->base, inputs->fresh);
  }
  report.comparison = &comparison;
  for (const CompareThreshold& threshold : *thresholds) {
    report.thresholds.push_back(judge_threshold(threshold, comparison));
  }
  print_report(report, command.format);
  return outcome_of(report);
}

}  // namespace coldload
