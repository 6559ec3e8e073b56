#include "core/plan/dry_run.hpp"

#include "support.hpp"

namespace coldload {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// 4 MB to load and 500 bytes beside, in 1 MiB chunks: 3 + 1 requests a run.
Plan plan_or_fail(std::string_view rest) {
  auto plan = plan_of(rest);
  if (ids_of(plan).empty()) return {};
  return std::move(*plan);
}

TEST(DryRun, CountsTheVerifyingRunOnTopOfTheRepetitions) {
  const auto runs = [](std::string_view run) {
    const Plan plan = plan_or_fail(kNvme + "[strategy.mmap]\n[strategy.parallel]\n[run]\n" + run);
    return std::pair(run_count_max(plan, plan.cases[0]), run_count_max(plan, plan.cases[1]));
  };
  EXPECT_EQ(runs(""), std::pair(uint64_t{6}, uint64_t{6}));
  EXPECT_EQ(runs("verify = \"off\"\n"), std::pair(uint64_t{5}, uint64_t{5}));
  EXPECT_EQ(runs("verify = \"backend\"\n"), std::pair(uint64_t{6}, uint64_t{5}));
  EXPECT_EQ(runs("repetitions = { min = 2, max = 9, until_ci = \"5 %\" }\n"),
            std::pair(uint64_t{10}, uint64_t{10}));
}

TEST(DryRun, CountsBytesAndRequestsPerPath) {
  const PlanCost cost = cost_of(plan_or_fail(kNvme + "[strategy.parallel]\n[run]\nrepetitions = 9\n"));
  ASSERT_EQ(cost.paths.size(), 1U);
  EXPECT_EQ(cost.paths[0].backend, "nvme");
  EXPECT_EQ(cost.paths[0].runs, 10U);
  EXPECT_EQ(cost.paths[0].read_bytes, 40'000'000U);
  EXPECT_EQ(cost.paths[0].written_bytes, 0U);
  EXPECT_EQ(cost.paths[0].requests, 40U);
  EXPECT_EQ(cost.moved_bytes, 40'000'000U);
  EXPECT_DOUBLE_EQ(cost.seconds, 0.2);
  EXPECT_TRUE(cost.paths[0].rate_assumed);
}

TEST(DryRun, ReadsTwiceForAWarmRun) {
  const PlanCost cost = cost_of(
      plan_or_fail(kNvme + "[strategy.parallel]\n[[compare]]\ncache = \"warm\"\n[run]\nrepetitions = 9\n"));
  EXPECT_EQ(cost.paths[0].read_bytes, 80'000'000U);
}

TEST(DryRun, CopiesForEveryFirstStart_AndOnceWhereOnlyLoadsAreMeasured) {
  const std::string staged = kNvme + kLake + kStaged + "[strategy.parallel]\n[strategy.mmap]\n";
  const std::string run = "[run]\nverify = \"off\"\nrepetitions = 10\ncopies = 3\n";
  const PlanCost both = cost_of(plan_or_fail(staged + "[[compare]]\nstrategy = \"mmap\"\n" + run));
  EXPECT_EQ(both.paths[0].written_bytes, 3 * 4'000'500U);
  EXPECT_EQ(both.paths[0].read_bytes, 3 * 4'000'500U + 13 * 4'000'000U);
  const PlanCost loads = cost_of(plan_or_fail(staged + "[[compare]]\ncache = \"cold\"\n" + run));
  EXPECT_EQ(loads.paths[0].written_bytes, 4'000'500U);
}

TEST(DryRun, TakesAKnownRateAndTheScenariosLimit) {
  const Plan plan = plan_or_fail(kNvme + "[strategy.parallel]\n[run]\nrepetitions = 9\n");
  const PlanCost known = cost_of(plan, {{"nvme", 1e9}});
  EXPECT_DOUBLE_EQ(known.seconds, 0.04);
  EXPECT_FALSE(known.paths[0].rate_assumed);
  const Plan limited =
      plan_or_fail(kNvme + "[strategy.parallel]\n[run]\nrepetitions = 9\nmax_bandwidth = \"10 MB/s\"\n");
  EXPECT_DOUBLE_EQ(cost_of(limited, {{"nvme", 1e9}}).seconds, 4);
}

// One shard of `bytes`, one run.
Plan one_run_of(uint64_t bytes, bool synthetic = false) {
  auto plan = plan_of(scenario_of(kNvme + "[strategy.parallel]\n[run]\nrepetitions = 1\nverify = \"off\"\n"),
                      [&](const SurveyRequest& request) {
                        Survey survey = usual_survey(request);
                        survey.objects = {{"m/model.safetensors", bytes}};
                        survey.synthetic = synthetic;
                        return survey;
                      });
  if (ids_of(plan).empty()) return {};
  return std::move(*plan);
}

TEST(DryRun, NeedsConfirmationAboveOneHourOrOneTerabyte) {
  EXPECT_FALSE(needs_confirmation(one_run_of(720'000'000'000)));
  EXPECT_TRUE(needs_confirmation(one_run_of(720'000'001'000)));
  EXPECT_FALSE(needs_confirmation(one_run_of(1'000'000'000'000), {{"nvme", 1e9}}));
  EXPECT_TRUE(needs_confirmation(one_run_of(1'000'000'000'001), {{"nvme", 1e9}}));
  EXPECT_FALSE(needs_confirmation(one_run_of(2'000'000'000'000, true)));
}

TEST(DryRun, IsNoLongerThanTheBudget) {
  Plan plan = one_run_of(900'000'000'000);
  EXPECT_TRUE(needs_confirmation(plan));
  plan.scenario.run.budget_ns = 600'000'000'000;
  EXPECT_FALSE(needs_confirmation(plan));
  EXPECT_THAT(dry_run_text(plan), HasSubstr("the budget ends it after 10 min 0 s"));
}

TEST(DryRun, ShowsWhatRunsWhatDoesNotAndWhy) {
  const auto plan =
      plan_of(scenario_of(kNvme + "[strategy.parallel]\n[strategy.mmap]\n[strategy.io_uring]\n"),
              [](const SurveyRequest& request) -> Result<Survey> {
                if (request.strategy.name == "mmap") return fail(Status::internal, "crashed (SIGSEGV)");
                Survey survey = usual_survey(request);
                if (request.strategy.name == "io_uring") survey.unsupported = "blocked by seccomp";
                return survey;
              });
  ASSERT_TRUE(plan.has_value());
  const std::string text = dry_run_text(*plan);
  EXPECT_THAT(text, HasSubstr("x: 3 cases, 1 run, 1 skipped, 1 failed when asked\nmodel: 4.00 MB\n"));
  EXPECT_THAT(text, HasSubstr("nvme/parallel/stream/cold      6    4.00 MB          4\n"));
  EXPECT_THAT(text, HasSubstr("nvme/mmap/stream/cold      failed when asked: crashed (SIGSEGV)\n"));
  EXPECT_THAT(text, HasSubstr("nvme/io_uring/stream/cold  skipped: blocked by seccomp\n"));
  EXPECT_THAT(text, HasSubstr("where the rate is unknown 200 MB/s is assumed"));
  EXPECT_THAT(text, Not(HasSubstr("--yes")));
}

TEST(DryRun, TellsAReasonThatSeveralCasesHaveOnce) {
  const auto plan = plan_of(
      scenario_of(kNvme + "[strategy.parallel]\nthreads = [1, 2]\n[strategy.mmap]\n[strategy.io_uring]\n"
                          "threads = [8, 16]\n"),
      [](const SurveyRequest& request) -> Result<Survey> {
        if (request.strategy.name == "parallel") return fail(Status::internal, "no credentials");
        Survey survey = usual_survey(request);
        survey.unsupported = request.strategy.name == "mmap" ? "no descriptor" : "blocked by seccomp";
        return survey;
      });
  ASSERT_TRUE(plan.has_value());
  EXPECT_THAT(dry_run_text(*plan), HasSubstr(R"(
nvme/parallel,threads=1/stream/cold   failed when asked: (1)
nvme/parallel,threads=2/stream/cold   failed when asked: (1)
nvme/mmap/stream/cold                 skipped: no descriptor
nvme/io_uring,threads=8/stream/cold   skipped: (2)
nvme/io_uring,threads=16/stream/cold  skipped: (2)
(1) no credentials
(2) blocked by seccomp
)"));
}

TEST(DryRun, CountsOneCaseAsOne) {
  EXPECT_THAT(dry_run_text(one_run_of(1)), HasSubstr("x: 1 case, 1 run, 0 skipped"));
}

TEST(DryRun, SaysThatItNeedsYes) {
  EXPECT_THAT(dry_run_text(one_run_of(2'000'000'000'000)),
              HasSubstr("this is above 1 h or 1 TB: running it needs --yes\n"));
}

TEST(DryRun, NamesASample) {
  EXPECT_THAT(dry_run_text(plan_or_fail(kNvme + "[strategy.mmap]\n[run]\nsample = \"1 MB\"\n")),
              HasSubstr("model: 4.00 MB, of which a sample of whole shards is loaded: 3.00 MB"));
}

}  // namespace
}  // namespace coldload
