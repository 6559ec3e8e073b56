#include "core/run/time_limit.hpp"

#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr uint64_t kFloor = limits::kTimeoutMinMs * 1'000'000;

// A case of 200 MB on backend "disk".
Case some_case() {
  Case planned;
  planned.backend = {ComponentSpec{"disk", "local", {}, {}}};
  ModelObject shard;
  shard.size_bytes = 200'000'000;
  shard.is_item = true;
  planned.objects = {shard};
  return planned;
}

uint64_t seconds_beyond_floor(const Case& planned, const RunSettings& run,
                              const std::vector<ProbeRecord>& probes = {}) {
  return (time_limit_of(planned, run, probes) - kFloor) / kNsPerSecond;
}

TEST(TimeLimit, IsWhatTheScenarioSays) {
  RunSettings run;
  run.timeout_ns = 7;
  EXPECT_EQ(time_limit_of(some_case(), run, {}), 7U);
}

TEST(TimeLimit, TakesTwiceAnAssumedRateWhereNothingWasProbed) {
  EXPECT_EQ(seconds_beyond_floor(some_case(), {}), 20U);  // 2 × 200 MB at 20 MB/s
}

TEST(TimeLimit, TakesAFifthOfWhatItsOwnDeviceGaveToAProbe) {
  EXPECT_EQ(seconds_beyond_floor(some_case(), {}, {{"device/direct", "disk", "first", 200e6, {}}}), 10U);
  EXPECT_EQ(seconds_beyond_floor(some_case(), {}, {{"device/direct", "other", "first", 200e6, {}}}), 20U);
}

TEST(TimeLimit, LeavesWhatIsHeldBackTwiceTheTimeItsLimitTakes_AndItsCopyToo) {
  RunSettings run;
  run.max_bandwidth = 2'000'000;
  Case planned = some_case();
  EXPECT_EQ(seconds_beyond_floor(planned, run), 400U);  // 2 × 200 MB at 1 MB/s
  planned.survey.stages = true;
  EXPECT_EQ(seconds_beyond_floor(planned, run), 800U);
}

TEST(TimeLimit, AddsWhatTheStrategyAllowsItself) {
  Case planned = some_case();
  planned.survey.own_time_ns = 5 * kNsPerSecond;
  EXPECT_EQ(seconds_beyond_floor(planned, {}), 25U);
}

}  // namespace
}  // namespace coldload
