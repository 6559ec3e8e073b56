#include "core/run/coverage.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "core/base/limits.hpp"
#include "core/run/histogram.hpp"
#include "core/run/memory.hpp"

namespace coldload {
namespace {

std::string complaint(const Result<void>& added) {
  return added ? "(accepted)" : added.error().message;
}

TEST(Coverage, IsCompleteOnceEveryByteCameInAnyOrder) {
  Coverage in_order(10);
  EXPECT_TRUE(in_order.add(0, 4));
  EXPECT_TRUE(in_order.add(4, 6));
  EXPECT_EQ(in_order.first_gap(), std::nullopt);
  Coverage backwards(10);
  for (uint64_t at = 10; at > 0; --at) EXPECT_TRUE(backwards.add(at - 1, 1));
  EXPECT_EQ(backwards.first_gap(), std::nullopt);
  Coverage mixed(10);
  for (const uint64_t at : {4U, 0U, 8U, 2U, 6U}) EXPECT_TRUE(mixed.add(at, 2));
  EXPECT_EQ(mixed.first_gap(), std::nullopt);
  EXPECT_EQ(mixed.covered_bytes(), 10U);
}

TEST(Coverage, NamesTheFirstGap) {
  Coverage coverage(100);
  EXPECT_EQ(coverage.first_gap(), "bytes 0-99");
  EXPECT_TRUE(coverage.add(50, 10));
  EXPECT_EQ(coverage.first_gap(), "bytes 0-49");
  EXPECT_TRUE(coverage.add(0, 20));
  EXPECT_EQ(coverage.first_gap(), "bytes 20-49");
  EXPECT_TRUE(coverage.add(20, 30));
  EXPECT_EQ(coverage.first_gap(), "bytes 60-99");
  EXPECT_TRUE(coverage.add(60, 39));
  EXPECT_EQ(coverage.first_gap(), "bytes 99-99");
}

TEST(Coverage, RefusesAByteTwiceOnEitherSideInsideAndAround) {
  Coverage coverage(100);
  ASSERT_TRUE(coverage.add(20, 20));
  EXPECT_EQ(complaint(coverage.add(10, 11)), "bytes 20-20 were delivered twice");
  EXPECT_EQ(complaint(coverage.add(39, 5)), "bytes 39-39 were delivered twice");
  EXPECT_EQ(complaint(coverage.add(25, 5)), "bytes 25-29 were delivered twice");
  EXPECT_EQ(complaint(coverage.add(20, 20)), "bytes 20-39 were delivered twice");
  EXPECT_EQ(complaint(coverage.add(10, 50)), "bytes 20-59 were delivered twice");
  EXPECT_EQ(coverage.covered_bytes(), 20U);
  // What only touches is welcome, on both sides.
  EXPECT_TRUE(coverage.add(40, 10));
  EXPECT_TRUE(coverage.add(10, 10));
  // Growing at the end of one range must not run into the next.
  ASSERT_TRUE(coverage.add(60, 10));
  EXPECT_EQ(complaint(coverage.add(50, 11)), "bytes 60-60 were delivered twice");
  EXPECT_TRUE(coverage.add(50, 10));
  EXPECT_EQ(coverage.first_gap(), "bytes 0-9");
}

TEST(Coverage, RefusesWhatLiesPastTheEnd) {
  Coverage coverage(100);
  EXPECT_EQ(complaint(coverage.add(90, 11)), "bytes 90+11 were delivered of an object of 100 bytes");
  EXPECT_EQ(complaint(coverage.add(101, 0)), "bytes 101+0 were delivered of an object of 100 bytes");
  EXPECT_FALSE(coverage.add(UINT64_MAX, 2));
  EXPECT_FALSE(coverage.add(2, UINT64_MAX));
  EXPECT_TRUE(coverage.add(90, 10));
}

TEST(Coverage, OfNothingIsComplete) {
  Coverage empty(0);
  EXPECT_EQ(empty.first_gap(), std::nullopt);
  EXPECT_TRUE(empty.add(0, 0));
  EXPECT_FALSE(empty.add(0, 1));
  Coverage coverage(10);
  EXPECT_TRUE(coverage.add(5, 0));
  EXPECT_TRUE(coverage.add(5, 0));
  EXPECT_EQ(coverage.covered_bytes(), 0U);
}

TEST(Coverage, CountsWhatSeveralThreadsBring) {
  constexpr uint64_t kBytes = 4000;
  Coverage coverage(kBytes);
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&coverage, thread] {
      for (uint64_t at = thread; at < kBytes; at += 4) EXPECT_TRUE(coverage.add(at, 1));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(coverage.first_gap(), std::nullopt);
}

TEST(Histogram, GivesEveryQuantileWithin4Percent) {
  Histogram histogram;
  constexpr uint64_t kValues = 20'000;
  for (uint64_t value = 1; value <= kValues; ++value) histogram.add(value * 137);
  for (const double quantile : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = std::ceil(quantile * kValues) * 137;
    const auto given = static_cast<double>(histogram.at(quantile));
    EXPECT_GE(given, exact) << quantile;
    EXPECT_LE(given, exact * 1.044) << quantile;
  }
}

TEST(Histogram, HoldsEveryValueOf64BitsWithin4Percent) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {uint64_t{1} << bit, (uint64_t{1} << bit) + ((uint64_t{1} << bit) >> 1U)}) {
      Histogram histogram;
      histogram.add(value);
      const uint64_t given = histogram.at(1.0);
      ASSERT_GE(given, value);
      EXPECT_LE(static_cast<double>(given - value), 0.044 * static_cast<double>(value)) << value;
    }
  }
  Histogram ends;
  ends.add(0);
  EXPECT_EQ(ends.at(1.0), 0U);
  ends.add(UINT64_MAX);
  EXPECT_EQ(ends.at(1.0), UINT64_MAX);
  EXPECT_EQ(ends.at(0.5), 0U);
  EXPECT_EQ(ends.count(), 2U);
}

TEST(Histogram, IsZeroWhenEmpty) {
  EXPECT_EQ(Histogram().at(0.5), 0U);
}

TEST(Memory, IsAlignedToHugePagesAndRoundedUpToSmallOnes) {
  const auto memory = Memory::map(4097);
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->size_bytes(), 8192U);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory->data()) % limits::kHugePageBytes, 0U);
  memory->touch();
  EXPECT_EQ(memory->data()[8191], std::byte{0});
}

// The flags of the mapping that starts at `data`, as the kernel lists them.
std::string mapping_flags(const void* data) {
  std::ifstream smaps("/proc/self/smaps");
  const std::string start = fmt::format("{:x}-", reinterpret_cast<uintptr_t>(data));
  bool found = false;
  for (std::string line; std::getline(smaps, line);) {
    found = found || line.starts_with(start);
    if (found && line.starts_with("VmFlags:")) return line;
  }
  return "";
}

TEST(Memory, AsksForHugePagesWhereTheKernelHasThem) {
  const auto memory = Memory::map(2 * limits::kHugePageBytes);
  ASSERT_TRUE(memory);
  const bool kernel_has_them = std::filesystem::exists("/sys/kernel/mm/transparent_hugepage");
  EXPECT_EQ(mapping_flags(memory->data()).contains(" hg"), kernel_has_them);
}

TEST(Memory, IsGivenOnAndLeavesNothingBehind) {
  auto first = Memory::map(4096);
  ASSERT_TRUE(first);
  const auto* data = first->data();
  const Memory second = std::move(*first);
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(first->data(), nullptr);  // NOLINT(bugprone-use-after-move)
}

TEST(Memory, ThatCannotBeHadIsAnErrorWithItsSize) {
  const auto memory = Memory::map(uint64_t{1} << 60U);
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().status, Status::out_of_memory);
  EXPECT_EQ(memory.error().message, "no memory for 1152922 TB of buffers");
}

}  // namespace
}  // namespace coldload
