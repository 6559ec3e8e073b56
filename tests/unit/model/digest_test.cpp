#include "core/model/digest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

using ::testing::HasSubstr;
using ::testing::TestWithParam;

constexpr uint64_t kBlock = RangeDigest::kBlockBytes;

std::vector<std::byte> random_bytes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

struct Range {
  uint64_t offset;
  uint64_t length;
};

std::vector<Range> random_split(uint64_t size, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Range> ranges;
  uint64_t offset = 0;
  while (offset < size) {
    const uint64_t wanted = random() % 3 == 0 ? kBlock * (1 + random() % 3) : 1 + random() % (kBlock + 9);
    const uint64_t length = std::min(wanted, size - offset);
    ranges.push_back({offset, length});
    offset += length;
  }
  std::shuffle(ranges.begin(), ranges.end(), random);
  return ranges;
}

std::span<const std::byte> part(const std::vector<std::byte>& bytes, const Range& range) {
  return std::span(bytes).subspan(range.offset, range.length);
}

class RangeDigestOfSize : public TestWithParam<uint64_t> {};

TEST_P(RangeDigestOfSize, IsTheSameHoweverTheObjectIsCutAndOrdered) {
  const auto bytes = random_bytes(GetParam(), 1);
  const Digest expected = digest_of(bytes);
  for (uint32_t seed = 0; seed < 20; ++seed) {
    RangeDigest digest(bytes.size());
    for (const Range& range : random_split(bytes.size(), seed)) {
      const auto added = digest.add(range.offset, part(bytes, range));
      ASSERT_TRUE(added) << added.error().message;
    }
    const auto found = digest.finish();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->hex(), expected.hex()) << "split " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Edges, RangeDigestOfSize,
                         ::testing::Values(0, 1, kBlock - 1, kBlock, kBlock + 1, 2 * kBlock,
                                           7 * kBlock + 4321));

TEST(RangeDigest, IsTheSameWhenManyThreadsDeliver) {
  const auto bytes = random_bytes(40 * kBlock + 17, 2);
  const auto ranges = random_split(bytes.size(), 5);
  RangeDigest digest(bytes.size());
  std::atomic<size_t> next{0};
  std::atomic<size_t> failures{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (size_t k = next++; k < ranges.size(); k = next++) {
        if (!digest.add(ranges[k].offset, part(bytes, ranges[k]))) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0U);
  const auto found = digest.finish();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, digest_of(bytes));
}

TEST(RangeDigest, OfAnEmptyObjectIsThatOfNothing) {
  EXPECT_EQ(RangeDigest(0).finish()->hex(), "99aa06d3014798d86001c324468d497f");  // the published test vector
}

TEST(RangeDigest, IsXxh3OfTheCanonicalXxh3OfItsBlocks) {
  const auto bytes = random_bytes(2 * kBlock + 100, 3);
  XXH128_canonical_t blocks[3];
  XXH128_canonicalFromHash(&blocks[0], XXH3_128bits(bytes.data(), kBlock));
  XXH128_canonicalFromHash(&blocks[1], XXH3_128bits(bytes.data() + kBlock, kBlock));
  XXH128_canonicalFromHash(&blocks[2], XXH3_128bits(bytes.data() + 2 * kBlock, 100));
  XXH128_canonical_t expected;
  XXH128_canonicalFromHash(&expected, XXH3_128bits(blocks, sizeof blocks));
  EXPECT_EQ(0, std::memcmp(digest_of(bytes).bytes.data(), expected.digest, 16));
}

TEST(RangeDigest, DiffersWhenOneBitDoes) {
  auto bytes = random_bytes(3 * kBlock, 4);
  const Digest before = digest_of(bytes);
  bytes[kBlock + 5] ^= std::byte{1};
  EXPECT_NE(digest_of(bytes), before);
}

TEST(RangeDigest, RefusesAWholeBlockTwice_AndNamesIt) {
  const auto bytes = random_bytes(2 * kBlock, 5);
  RangeDigest digest(bytes.size());
  ASSERT_TRUE(digest.add(0, bytes));
  const auto again = digest.add(kBlock, part(bytes, {kBlock, kBlock}));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().status, Status::integrity);
  EXPECT_EQ(again.error().message, "bytes 65536-131071 overlap bytes that were delivered before");
}

TEST(RangeDigest, RefusesOverlapsOfParts_FromEitherSideAndInside) {
  const auto bytes = random_bytes(kBlock, 6);
  for (const Range second : {Range{90, 20}, Range{199, 5}, Range{120, 10}, Range{50, 300}, Range{100, 100}}) {
    RangeDigest digest(bytes.size());
    ASSERT_TRUE(digest.add(100, part(bytes, {100, 100})));
    EXPECT_FALSE(digest.add(second.offset, part(bytes, second))) << second.offset;
  }
}

TEST(RangeDigest, RefusesAPartOfABlockThatCameWhole_AndAWholeOneOfWhichAPartCame) {
  const auto bytes = random_bytes(kBlock, 7);
  RangeDigest whole_first(bytes.size());
  ASSERT_TRUE(whole_first.add(0, bytes));
  EXPECT_FALSE(whole_first.add(3, part(bytes, {3, 1})));
  RangeDigest part_first(bytes.size());
  ASSERT_TRUE(part_first.add(3, part(bytes, {3, 1})));
  EXPECT_FALSE(part_first.add(0, bytes));
}

TEST(RangeDigest, NamesTheFirstMissingRange) {
  const auto bytes = random_bytes(4 * kBlock, 8);
  RangeDigest digest(bytes.size());
  ASSERT_TRUE(digest.add(0, part(bytes, {0, kBlock})));
  ASSERT_TRUE(digest.add(kBlock, part(bytes, {kBlock, 100})));
  ASSERT_TRUE(digest.add(3 * kBlock - 1, part(bytes, {3 * kBlock - 1, 1})));
  const auto found = digest.finish();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "bytes 65636-196606 of 262144 were never delivered");
}

TEST(RangeDigest, NamesTheWholeObjectWhenNothingCame) {
  EXPECT_EQ(RangeDigest(10).finish().error().message, "bytes 0-9 of 10 were never delivered");
}

TEST(RangeDigest, RefusesRangesPastTheEnd_WithoutWrappingAround) {
  const auto bytes = random_bytes(16, 9);
  RangeDigest digest(20);
  EXPECT_THAT(digest.add(5, bytes).error().message,
              HasSubstr("16 bytes at 5 reach past the object's end at 20"));
  EXPECT_FALSE(digest.add(UINT64_MAX - 3, bytes));
}

TEST(RangeDigest, BoundsTheBlocksThatWait) {
  const std::vector<std::byte> one(1);
  RangeDigest digest((limits::kDigestBlocksIncompleteMax + 1) * kBlock);
  for (uint64_t block = 0; block < limits::kDigestBlocksIncompleteMax; ++block) {
    ASSERT_TRUE(digest.add(block * kBlock, one));
  }
  const auto past = digest.add(limits::kDigestBlocksIncompleteMax * kBlock, one);
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().status, Status::out_of_memory);
}

TEST(Digest, ReadsBackItsHexadecimalForm) {
  const Digest digest = digest_of(random_bytes(10, 10));
  EXPECT_EQ(digest.hex().size(), 32U);
  EXPECT_EQ(Digest::parse(digest.hex()).value(), digest);
}

TEST(Digest, RefusesWhatIsNotOne) {
  const std::string good(32, 'a');
  for (const std::string& text : {std::string(), good.substr(1), good + "a", std::string(31, 'a') + "g"}) {
    EXPECT_THAT(Digest::parse(text).error().message, HasSubstr("expected 32 lower-case hexadecimal digits"));
  }
}

}  // namespace
}  // namespace coldload
