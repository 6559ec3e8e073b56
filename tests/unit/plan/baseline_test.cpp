#include "core/plan/baseline.hpp"

#include "core/plan/globs.hpp"
#include "support.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kCases = kNvme + "[strategy.parallel]\n[strategy.mmap]\n";  // line 9 comes next

Result<Survey> without_parallel(const SurveyRequest& request) {
  Survey survey = usual_survey(request);
  if (request.strategy.name == "parallel") survey.unsupported = "not here";
  return survey;
}

std::vector<std::string> baselines_of(const std::expected<Plan, Diagnostics>& plan) {
  std::vector<std::string> baselines;
  if (ids_of(plan).empty()) return baselines;
  for (const Case& subject : plan->cases) baselines.push_back(subject.baseline_id);
  return baselines;
}

TEST(Baseline, IsTheFirstCaseByDefault) {
  EXPECT_THAT(baselines_of(plan_of(kCases)),
              ElementsAre("nvme/parallel/stream/cold", "nvme/parallel/stream/cold"));
}

TEST(Baseline, IsTheFirstCaseThatRuns) {
  EXPECT_THAT(baselines_of(plan_of(scenario_of(kCases), without_parallel)),
              ElementsAre("nvme/mmap/stream/cold", "nvme/mmap/stream/cold"));
}

TEST(Baseline, IsTheFirstThatItsGlobMatches_OfTheCasesOwnCacheState) {
  EXPECT_THAT(
      baselines_of(plan_of(kCases + "[[compare]]\ncache = [\"cold\", \"warm\"]\nbaseline = \"*/mmap/*\"\n")),
      ElementsAre("nvme/mmap/stream/cold", "nvme/mmap/stream/warm", "nvme/mmap/stream/cold",
                  "nvme/mmap/stream/warm"));
}

TEST(Baseline, IsOneOfAnotherCacheStateWhereTheGlobAllowsNoOther) {
  EXPECT_THAT(baselines_of(plan_of(
                  kCases + "[[compare]]\ncache = [\"cold\", \"warm\"]\nbaseline = \"*/mmap/*/cold\"\n")),
              ElementsAre("nvme/mmap/stream/cold", "nvme/mmap/stream/cold", "nvme/mmap/stream/cold",
                          "nvme/mmap/stream/cold"));
}

TEST(Baseline, OfEachComparisonIsItsOwn_AndASharedCaseKeepsTheFirst) {
  EXPECT_THAT(baselines_of(plan_of(kCases +
                                   "[[compare]]\nstrategy = \"mmap\"\ncache = \"cold\"\n[[compare]]\ncache = "
                                   "\"cold\"\nbaseline = \"*parallel*\"\n")),
              ElementsAre("nvme/mmap/stream/cold", "nvme/parallel/stream/cold"));
}

TEST(Baseline, ThatMatchesNothingIsAMistake) {
  EXPECT_THAT(mistakes_of(plan_of(kCases + "[[compare]]\nbaseline = \"nvme/uring*\"\n")),
              ElementsAre("x.toml:10:1: [[compare]]: baseline: \"nvme/uring*\" matches no case; cases are "
                          "nvme/parallel/stream/cold, nvme/mmap/stream/cold"));
}

TEST(Baseline, ThatIsThereButDoesNotRunIsANote) {
  const auto plan =
      plan_of(scenario_of(kCases + "[[compare]]\nbaseline = \"nvme/parallel*\"\n"), without_parallel);
  EXPECT_THAT(baselines_of(plan), ElementsAre("", ""));
  EXPECT_THAT(plan->notes,
              ElementsAre("baseline nvme/parallel/stream/cold does not run, so nothing is compared with "
                          "it: not here"));
}

TEST(Baseline, ThatOnlyLeavesOutIsANote) {
  PlanOptions options = usual_options();
  options.only = "*mmap*";
  const auto plan = plan_of(kCases + "[[compare]]\nbaseline = \"nvme/parallel*\"\n", options);
  EXPECT_THAT(baselines_of(plan), ElementsAre(""));
  EXPECT_THAT(
      plan->notes,
      ElementsAre("baseline \"nvme/parallel*\" is left out by --only, so nothing is compared with it"));
}

TEST(Expectation, ForNoCaseIsAMistake) {
  EXPECT_THAT(mistakes_of(plan_of(kCases + "[[expect]]\ncase = \"nvme/uring*\"\nmedian = \"< 5 s\"\n")),
              ElementsAre("x.toml:10:1: [[expect]]: case: \"nvme/uring*\" matches no case; cases are "
                          "nvme/parallel/stream/cold, nvme/mmap/stream/cold"));
  EXPECT_THAT(mistakes_of(plan_of(kCases + "[[expect]]\ncase = \"nvme/mm*\"\nmedian = \"< 5 s\"\n")),
              IsEmpty());
}

std::vector<std::string> globs_of(const std::string& text) {
  const Scenario scenario = scenario_of(text);
  const auto candidates = candidate_cases(scenario, test_registry());
  std::vector<std::string> lines;
  if (!candidates) return {"(no candidates)"};
  for (const Diagnostic& mistake : mistaken_globs(scenario, *candidates)) lines.push_back(to_string(mistake));
  return lines;
}

TEST(MistakenGlobs, AreNamedWithTheirPlaceAndTheNearestCase) {
  EXPECT_THAT(globs_of(kCases + "[[compare]]\nbaseline = \"nmve/mmap/*\"\n[[expect]]\ncase = "
                                "\"nmve/paralel*\"\nmedian = \"< 5 s\"\nthroughput = \"> 1 GB/s\"\n"),
              ElementsAre("x.toml:10:1: [[compare]]: baseline: \"nmve/mmap/*\" matches no case; did you mean "
                          "\"nvme/mmap/stream/cold\"?",
                          "x.toml:12:1: [[expect]]: case: \"nmve/paralel*\" matches no case; did you mean "
                          "\"nvme/parallel/stream/cold\"?"));
}

TEST(MistakenGlobs, AreNotThoseThatMatchWhatABackendDecides) {
  const std::string baseline = "[[compare]]\nbaseline = \"*/first-start\"\n";
  EXPECT_THAT(globs_of(kCases + baseline), IsEmpty());
  EXPECT_THAT(mistakes_of(plan_of(kCases + baseline)),
              ElementsAre("x.toml:10:1: [[compare]]: baseline: \"*/first-start\" matches no case; cases are "
                          "nvme/parallel/stream/cold, nvme/mmap/stream/cold"));
  EXPECT_THAT(globs_of(kCases + "[[compare]]\ncache = \"cold\"\nbaseline = \"*/first-start\"\n"),
              ElementsAre(HasSubstr("matches no case")));
}

TEST(Expectation, ForACaseThatOnlyLeavesOutIsNone) {
  PlanOptions options = usual_options();
  options.only = "*mmap*";
  EXPECT_THAT(
      mistakes_of(plan_of(kCases + "[[expect]]\ncase = \"*parallel*\"\nmedian = \"< 5 s\"\n", options)),
      IsEmpty());
}

}  // namespace
}  // namespace coldload
