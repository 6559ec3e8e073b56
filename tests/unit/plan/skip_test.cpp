// Law: what cannot run is skipped with what is missing named.
#include "core/plan/skip.hpp"

#include "support.hpp"

namespace coldload {
namespace {

using ::testing::HasSubstr;

// The reason of the only case of `rest`, or "" if it runs.
template <typename Change>
std::string reason(std::string_view rest, Change change, const PlanOptions& options = usual_options()) {
  const auto plan = plan_of(
      scenario_of(kNvme + "[strategy.parallel]\n" + rest),
      [&](const SurveyRequest& request) {
        Survey survey = usual_survey(request);
        change(survey);
        return survey;
      },
      options);
  if (ids_of(plan).size() != 1) return "not one case";
  return plan->cases[0].skip_reason.value_or("");
}

constexpr std::string_view kCold = "[[compare]]\ncache = \"cold\"\n";
constexpr std::string_view kWarm = "[[compare]]\ncache = \"warm\"\n";
constexpr std::string_view kWarmHost = "[[compare]]\ncache = \"warm\"\ndestination = \"host\"\n";
constexpr std::string_view kColdHost = "[[compare]]\ncache = \"cold\"\ndestination = \"host\"\n";
const auto kUnchanged = [](Survey&) {};

PlanOptions with_ram(uint64_t bytes) {
  PlanOptions options;
  options.limits = {bytes, "cgroup memory.max"};
  return options;
}

TEST(Skip, NothingThatCanRun) {
  EXPECT_EQ(reason(kCold, kUnchanged), "");
  EXPECT_EQ(reason(kWarm, kUnchanged), "");
  EXPECT_EQ(reason(kColdHost, kUnchanged), "");
  EXPECT_EQ(reason("[[compare]]\ncache = \"as-is\"\n", kUnchanged), "");
}

TEST(Skip, NamesTheCapabilityThatIsMissing) {
  EXPECT_EQ(reason(kCold,
                   [](Survey& survey) {
                     survey.needs_capabilities = COLDLOAD_CAN_FD | COLDLOAD_CAN_MAP;
                     survey.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD;
                   }),
            "needs MAP: objects of backend \"nvme\" have none");
}

TEST(Skip, ADirectReadWhereObjectsHaveNone) {
  EXPECT_EQ(reason(kCold,
                   [](Survey& survey) {
                     survey.open_flags = COLDLOAD_OPEN_DIRECT;
                     survey.capabilities &= ~static_cast<uint32_t>(COLDLOAD_CAN_DIRECT);
                   }),
            "needs DIRECT: objects of backend \"nvme\" have none");
}

TEST(Skip, NamesTheExtensionThatIsMissing) {
  EXPECT_EQ(
      reason(kCold, [](Survey& survey) { survey.missing_extensions = {"coldload.backend.async_read/1"}; }),
      "strategy \"parallel\" as configured needs the extension coldload.backend.async_read/1, which backend "
      "\"nvme\" does not offer");
}

TEST(Skip, PassesOnWhatThePluginsSay) {
  EXPECT_EQ(reason(kCold, [](Survey& survey) { survey.unsupported = "io_uring: blocked by seccomp"; }),
            "io_uring: blocked by seccomp");
}

TEST(Skip, TakesTheWordUnsupportedOfAFailedSurveyForASkip) {
  const auto plan =
      plan_of(scenario_of(kNvme + "[strategy.mmap]\n"), [](const SurveyRequest&) -> Result<Survey> {
        return fail(Status::unsupported, "no such system call");
      });
  ASSERT_EQ(ids_of(plan).size(), 1U);
  EXPECT_EQ(plan->cases[0].skip_reason, "no such system call");
  EXPECT_FALSE(plan->cases[0].survey_failed.has_value());
}

TEST(Skip, WarmTimesDirect) {
  EXPECT_EQ(reason(kWarm, [](Survey& survey) { survey.open_flags = COLDLOAD_OPEN_DIRECT; }),
            "a direct read does not use the page cache: there is no warm case");
}

TEST(Skip, WarmWhereNothingStaysLocal) {
  EXPECT_EQ(reason(kWarm, [](Survey& survey) { survey.capabilities |= COLDLOAD_CAN_NO_LOCAL_CACHE; }),
            "nothing local to warm: nothing that is read from backend \"nvme\" stays on this machine");
}

TEST(Skip, WarmAboveFourFifthsOfTheMemory_WithBothFigures) {
  const auto large = [](Survey& survey) { survey.objects[0].size_bytes = 7'000'000'000; };
  EXPECT_EQ(reason(kWarm, large, with_ram(8'751'250'000)), "");
  EXPECT_EQ(reason(kWarm, large, with_ram(8'751'000'000)),
            "warm needs the model's 7.00 GB within 0.8 of the memory, and cgroup memory.max allows 8.75 GB");
}

TEST(Skip, HostThatDoesNotFit_WithTheFigures) {
  const auto large = [](Survey& survey) {
    survey.objects[0].size_bytes = 7'000'000'000;
    survey.objects[1].size_bytes = 0;
  };
  const uint64_t pool = 64U << 20U;
  EXPECT_EQ(reason(kColdHost, large, with_ram(7'000'000'000 + pool)), "");
  EXPECT_EQ(
      reason(kColdHost, large, with_ram(7'000'000'000 + pool - 1)),
      "host needs the model's 7.00 GB and a pool of 67.1 MB in memory, and cgroup memory.max allows 7.07 GB");
  EXPECT_EQ(reason(kWarmHost, large, with_ram(14'000'000'000 + pool)), "");
  EXPECT_THAT(reason(kWarmHost, large, with_ram(14'000'000'000)), HasSubstr("twice (cached and resident)"));
}

TEST(Skip, ASampleThatFitsIsNotTheWholeModel) {
  const auto large = [](Survey& survey) { survey.objects[1].size_bytes = 70'000'000'000; };
  EXPECT_THAT(reason(kColdHost, large, with_ram(8'000'000'000)), HasSubstr("host needs the model's 70.0 GB"));
  EXPECT_EQ(reason(kColdHost + "[run]\nsample = \"1 MB\"\n", large, with_ram(8'000'000'000)), "");
}

TEST(Skip, AStreamWhosePoolDoesNotFit) {
  EXPECT_EQ(reason(kCold, kUnchanged, with_ram(64U << 20U)), "");
  EXPECT_EQ(reason(kCold, kUnchanged, with_ram((64U << 20U) - 1)),
            "needs a pool of 67.1 MB, and cgroup memory.max allows 67.1 MB");
}

TEST(Skip, APoolSmallerThanTheBuffersInFlight) {
  EXPECT_EQ(reason(kCold + "[run]\npool = \"9 MiB\"\n", kUnchanged), "");
  EXPECT_EQ(reason(kCold + "[run]\npool = \"8 MiB\"\n", kUnchanged),
            "strategy \"parallel\" holds 8 buffers of 1 MiB at once, 8.42 MB with their spare pages, and the "
            "pool has "
            "8 MiB");
}

TEST(Skip, TheFirstStartOfABackendThatDoesNotStage) {
  EXPECT_EQ(reason("[[compare]]\ncache = \"first-start\"\n", kUnchanged),
            "first-start needs a backend that stages, and backend \"nvme\" does not: it has no first start "
            "other than "
            "a cold one");
}

TEST(Skip, NoExternalProgramForMemoryThatIsNotOurs) {
  EXPECT_EQ(reason(kCold, [](Survey& survey) { survey.external = true; }, with_ram(1)), "");
}

TEST(Skip, OfAProgramWhatOnlyTheHostsOwnReadingCanDo) {
  const auto external = [](Survey& survey) { survey.external = true; };
  EXPECT_EQ(reason(kCold, external), "");
  EXPECT_EQ(
      reason(kColdHost, external),
      "strategy \"parallel\" brings the model into its own program's memory, not to destination \"host\"");
  EXPECT_EQ(reason(std::string(kCold) + "[run]\nmax_bandwidth = \"1 Gbit/s\"\n", external),
            "[run] max_bandwidth cannot hold back what the program of strategy \"parallel\" reads");
  EXPECT_EQ(
      reason(std::string(kCold) + "[run]\nsample = \"1 B\"\n", external),
      "[run] sample loads some shards only, and the program of strategy \"parallel\" loads the whole model");
}

TEST(Skip, SizesThatOverflowAreLarge) {
  const auto lying = [](Survey& survey) {
    survey.objects[0].size_bytes = UINT64_MAX;
    survey.objects[1].size_bytes = UINT64_MAX;
  };
  EXPECT_THAT(reason(kColdHost, lying), HasSubstr("host needs the model's"));
  EXPECT_THAT(reason(kWarm, lying), HasSubstr("warm needs the model's"));
  EXPECT_THAT(reason(kCold,
                     [](Survey& survey) {
                       survey.buffer_bytes = UINT64_MAX;
                       survey.buffers_in_flight = UINT32_MAX;
                     }),
              HasSubstr("needs a pool of"));
}

}  // namespace
}  // namespace coldload
