#include "plugins/staged/ranges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

namespace coldload::staged {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;

using Triple = std::tuple<size_t, uint64_t, uint64_t>;

Triple triple(const Range& range) {
  return {range.file, range.offset, range.length};
}

TEST(StagedRanges, OneThreadGetsEveryByteOnceFileByFile) {
  Ranges ranges({10, 0, 4, 3}, 4);
  EXPECT_EQ(ranges.count(), 5U);
  std::vector<Triple> got;
  for (Range range; ranges.next(range);) got.push_back(triple(range));
  EXPECT_THAT(
      got, ElementsAre(Triple(0, 0, 4), Triple(0, 4, 4), Triple(0, 8, 2), Triple(2, 0, 4), Triple(3, 0, 3)));
}

TEST(StagedRanges, WithoutBytesThereIsNone) {
  Range range;
  Ranges none({}, 4);
  EXPECT_FALSE(none.next(range));
  Ranges empty({0, 0}, 4);
  EXPECT_EQ(empty.count(), 0U);
  EXPECT_FALSE(empty.next(range));
  EXPECT_EQ(range.length, 0U);
}

TEST(StagedRanges, ThreadsAreSpreadOverFilesAndShareOneOnlyWhenNoOtherIsLeft) {
  Ranges ranges({8, 8, 8}, 4);
  Range one, two, three;
  ASSERT_TRUE(ranges.next(one));
  ASSERT_TRUE(ranges.next(two));
  EXPECT_EQ(triple(one), Triple(0, 0, 4));
  EXPECT_EQ(triple(two), Triple(1, 0, 4));
  // Its file is the first one again that nobody is at work on.
  ASSERT_TRUE(ranges.next(one));
  EXPECT_EQ(triple(one), Triple(0, 4, 4));
  ASSERT_TRUE(ranges.next(one));
  EXPECT_EQ(triple(one), Triple(2, 0, 4));
  ASSERT_TRUE(ranges.next(two));
  EXPECT_EQ(triple(two), Triple(1, 4, 4));
  ASSERT_TRUE(ranges.next(three));
  EXPECT_EQ(triple(three), Triple(2, 4, 4));
  EXPECT_FALSE(ranges.next(one));
}

TEST(StagedRanges, ThreadsTogetherGetEachByteOnce) {
  constexpr uint64_t kChunk = 7;
  const std::vector<uint64_t> sizes = {1000, 1, 6, 7, 8, 0, 500};
  Ranges ranges(sizes, kChunk);
  std::mutex mutex;
  std::set<Triple> got;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (Range range; ranges.next(range);) {
        const std::lock_guard<std::mutex> lock(mutex);
        EXPECT_TRUE(got.insert(triple(range)).second);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got.size(), ranges.count());
  std::vector<uint64_t> next(sizes.size());
  for (const auto& [file, offset, length] : got) {
    EXPECT_EQ(offset, next[file]);
    EXPECT_THAT(kChunk, Ge(length));
    next[file] += length;
  }
  EXPECT_EQ(next, sizes);
}

}  // namespace
}  // namespace coldload::staged
