#include "core/run/warm.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "core/base/file.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Warm : public ::testing::Test {
 protected:
  Warm() {
    std::string name = std::string(COLDLOAD_BINARY_DIR) + "/warm-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~Warm() override { fs::remove_all(directory_); }

  fs::path write(const std::string& name, size_t size_bytes) const {
    std::ofstream(directory_ / name) << std::string(size_bytes, 'x');
    return directory_ / name;
  }

  fs::path directory_;
};

std::vector<WarmShard> shards_like(const std::vector<uint64_t>& sizes) {
  std::vector<WarmShard> shards;
  for (const uint64_t size : sizes) shards.push_back({"", "", size, WarmChoice::left_out});
  return shards;
}

std::vector<WarmChoice> choices_of(const std::vector<WarmShard>& shards) {
  std::vector<WarmChoice> choices;
  for (const WarmShard& shard : shards) choices.push_back(shard.choice);
  return choices;
}

constexpr WarmChoice kFits = WarmChoice::fits;
constexpr WarmChoice kLeftOut = WarmChoice::left_out;
constexpr WarmChoice kInMemory = WarmChoice::in_memory;

void nothing(uint64_t /*done_bytes*/) {}

TEST(WarmChoices, ABudgetOfExactlyTheModelTakesAllOfIt_OneByteLessLeavesTheLastShardOut) {
  auto shards = shards_like({50, 30, 20});
  choose_shards(shards, 100);
  EXPECT_THAT(choices_of(shards), ElementsAre(kFits, kFits, kFits));
  choose_shards(shards, 99);
  EXPECT_THAT(choices_of(shards), ElementsAre(kFits, kFits, kLeftOut));
  EXPECT_EQ(bytes_of(shards, kLeftOut), 20U);
}

TEST(WarmChoices, AShardThatDoesNotFitIsLeftOutWhole_AndALaterSmallerOneStillFits) {
  auto shards = shards_like({50, 60, 20});
  choose_shards(shards, 100);
  EXPECT_THAT(choices_of(shards), ElementsAre(kFits, kLeftOut, kFits));
}

TEST(WarmChoices, WhatLivesInMemoryTakesNoneOfTheBudget) {
  auto shards = shards_like({50, 60});
  shards[0].choice = kInMemory;
  choose_shards(shards, 60);
  EXPECT_THAT(choices_of(shards), ElementsAre(kInMemory, kFits));
}

TEST_F(Warm, ShardsAreThoseOfTheDirectoryByName_LinksFollowed) {
  const fs::path blob = write("blob", 7);
  write("b.safetensors", 3);
  write("config.json", 1);
  fs::create_symlink(blob, directory_ / "a.safetensors");
  const auto shards = shards_of(directory_);
  ASSERT_TRUE(shards) << shards.error().message;
  ASSERT_EQ(shards->size(), 2U);
  EXPECT_EQ((*shards)[0].name, "a.safetensors");
  EXPECT_EQ((*shards)[0].size_bytes, 7U);
  EXPECT_EQ((*shards)[1].name, "b.safetensors");
}

TEST_F(Warm, ALinkThatLeadsNowhereIsAnError_NotAShardLess) {
  write("a.safetensors", 3);
  fs::create_symlink("gone", directory_ / "b.safetensors");
  const auto shards = shards_of(directory_);
  ASSERT_FALSE(shards);
  EXPECT_EQ(shards.error().status, Status::not_found);
  EXPECT_THAT(shards.error().message, HasSubstr("b.safetensors"));
}

TEST_F(Warm, ADirectoryWithoutShardsIsAnErrorThatNamesIt) {
  const auto shards = shards_of(directory_);
  ASSERT_FALSE(shards);
  EXPECT_THAT(shards.error().message, HasSubstr(directory_.string() + ": no *.safetensors"));
}

TEST_F(Warm, EveryByteOfWhatFitsIsReadAndNothingElse) {
  write("a.safetensors", 20'000'001);
  write("b.safetensors", 5'000'000);
  write("c.safetensors", 17);
  auto shards = shards_of(directory_);
  ASSERT_TRUE(shards);
  choose_shards(*shards, 20'000'100);
  for (const uint32_t threads : {1U, 5U}) {
    const auto fill = fill_page_cache(*shards, {threads, {}, -1}, nothing);
    ASSERT_TRUE(fill) << fill.error().message;
    EXPECT_EQ(fill->read_bytes, 20'000'018U);
    EXPECT_FALSE(fill->stopped);
  }
  const auto found = residency_of(*shards, kFits);
  ASSERT_TRUE(found.resident_bytes) << found.why_unknown;
  EXPECT_EQ(*found.resident_bytes, 20'000'018U);
}

TEST_F(Warm, AShardThatBecameShorterIsAnErrorWithTheNumbers) {
  write("a.safetensors", 3'000'000);
  auto shards = shards_of(directory_);
  ASSERT_TRUE(shards);
  choose_shards(*shards, 10'000'000);
  fs::resize_file(directory_ / "a.safetensors", 2'000'000);
  const auto fill = fill_page_cache(*shards, {2, {}, -1}, nothing);
  ASSERT_FALSE(fill);
  EXPECT_THAT(fill.error().message,
              HasSubstr("a.safetensors: ends at byte 2000000, it had 3000000 when it was opened"));
}

TEST_F(Warm, TheLimitHoldsForAShortFillToo) {
  write("a.safetensors", 3 << 20);
  auto shards = shards_of(directory_);
  ASSERT_TRUE(shards);
  choose_shards(*shards, 1 << 30);
  const auto fill = fill_page_cache(*shards, {4, uint64_t{10} << 20, -1}, nothing);
  ASSERT_TRUE(fill);
  EXPECT_GE(fill->elapsed_ns, 300'000'000U);
}

TEST_F(Warm, AStopEndsIt_AlsoWhileAThreadWaitsForItsLimit) {
  write("a.safetensors", 3 << 20);
  auto shards = shards_of(directory_);
  ASSERT_TRUE(shards);
  choose_shards(*shards, 1 << 30);
  const Descriptor stop(::eventfd(1, EFD_CLOEXEC));
  const uint64_t began_ns = now_ns();
  const auto fill = fill_page_cache(*shards, {2, 1000, stop.get()}, nothing);
  // The rule is 100 ms, the limit alone would take 52 minutes; a busy machine is somewhere between.
  EXPECT_LT(now_ns() - began_ns, 10'000'000'000U);
  ASSERT_TRUE(fill);
  EXPECT_TRUE(fill->stopped);
}

// A write lease makes every other open() wait until its holder gives way: a system call that hangs.
TEST_F(Warm, AStopEndsIt_AlsoWhileAThreadHangsInTheKernel) {
  const fs::path path = write("a.safetensors", 3 << 20);
  auto shards = shards_of(directory_);
  ASSERT_TRUE(shards);
  choose_shards(*shards, 1 << 30);
  std::signal(SIGIO, SIG_IGN);  // what the kernel asks the lease's holder with
  Descriptor lease(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::fcntl(lease.get(), F_SETLEASE, F_WRLCK), 0);
  const Descriptor stop(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const itimerspec after_50_ms = {{}, {0, 50'000'000}};
  ASSERT_EQ(::timerfd_settime(stop.get(), 0, &after_50_ms, nullptr), 0);
  const uint64_t began_ns = now_ns();
  const auto fill = fill_page_cache(*shards, {1, {}, stop.get()}, nothing);
  const uint64_t elapsed_ns = now_ns() - began_ns;
  EXPECT_GE(elapsed_ns, 100'000'000U);     // else nothing hung
  EXPECT_LT(elapsed_ns, 10'000'000'000U);  // the kernel takes a lease away after 45 s
  ASSERT_TRUE(fill);
  EXPECT_TRUE(fill->stopped);
  ASSERT_EQ(::fcntl(lease.get(), F_SETLEASE, F_UNLCK), 0);
}

}  // namespace
}  // namespace coldload
