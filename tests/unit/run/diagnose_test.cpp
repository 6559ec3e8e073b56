#include "core/run/diagnose.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "core/run/machine_facts.hpp"

namespace coldload {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr uint64_t kGB = 1'000'000'000;

TEST(MemoryFact, WarnsAboveFourFifthsOnlyWhereSomethingShallBeWarm) {
  EXPECT_EQ(memory_fact("b", {80 * kGB, 100 * kGB, "MemAvailable", true, false}).level, FactLevel::ok);
  const Fact warm = memory_fact("b", {81 * kGB, 100 * kGB, "MemAvailable", true, false});
  EXPECT_EQ(warm.level, FactLevel::warning);
  EXPECT_THAT(warm.fact, HasSubstr("81.0 GB against 100 GB of memory (MemAvailable)"));
  EXPECT_FALSE(warm.fix.empty());
  const Fact cold = memory_fact("b", {81 * kGB, 100 * kGB, "MemAvailable", false, false});
  EXPECT_EQ(cold.level, FactLevel::ok);
  EXPECT_THAT(cold.fact, HasSubstr("larger than memory allows to keep"));
}

TEST(MemoryFact, IsAnErrorWhereBuffersShallHoldMoreThanThereIs) {
  EXPECT_EQ(memory_fact("b", {100 * kGB, 100 * kGB, "x", false, true}).level, FactLevel::ok);
  EXPECT_EQ(memory_fact("b", {101 * kGB, 100 * kGB, "x", false, true}).level, FactLevel::error);
}

TEST(MachineFact, LockedMemoryBelowAPoolIsAWarning_ButNotForRoot) {
  EXPECT_EQ(memlock_fact(64 << 20, false).level, FactLevel::ok);
  EXPECT_EQ(memlock_fact((64 << 20) - 1, false).level, FactLevel::warning);
  EXPECT_EQ(memlock_fact(1, true).level, FactLevel::ok);
  EXPECT_EQ(memlock_fact(std::nullopt, false).level, FactLevel::ok);
}

TEST(MachineFact, HugePagesAndGovernorAreReadAsTheKernelWritesThem) {
  EXPECT_EQ(huge_pages_fact("always [madvise] never").fact, "transparent huge pages: madvise");
  EXPECT_EQ(huge_pages_fact("always madvise [never]").level, FactLevel::warning);
  EXPECT_EQ(huge_pages_fact("").level, FactLevel::warning);
  EXPECT_EQ(governor_fact("performance").level, FactLevel::ok);
  EXPECT_EQ(governor_fact("powersave").level, FactLevel::warning);
  EXPECT_EQ(governor_fact("").level, FactLevel::ok);
}

TEST(ScratchFacts, TellWhatWorks_AndLeaveNothingBehind) {
  const std::filesystem::path place = std::filesystem::path(COLDLOAD_TEST_PLUGIN_DIR).parent_path();
  const auto entries = [&] { return std::distance(std::filesystem::directory_iterator(place), {}); };
  const auto before = entries();
  const Facts facts = scratch_facts({"/nowhere", place});
  EXPECT_EQ(entries(), before);
  ASSERT_EQ(facts.size(), 5U);
  EXPECT_THAT(facts[0].fact, HasSubstr("in " + place.string()));
  EXPECT_THAT(facts[2].fact, HasSubstr("eviction: works"));
  EXPECT_THAT(facts[3].fact, HasSubstr("/proc/self/io: counts"));
  EXPECT_THAT(facts, Each(Field(&Fact::level, FactLevel::ok)));
}

TEST(ScratchFacts, WithoutADiskSayWhatWasTried) {
  const Facts facts = scratch_facts({"/dev/shm", "/nowhere"});
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].level, FactLevel::warning);
  EXPECT_EQ(facts[0].cause, "none of /dev/shm, /nowhere can be written and lies on a disk");
}

}  // namespace
}  // namespace coldload
