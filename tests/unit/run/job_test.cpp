#include "core/run/job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/run/stream_destination.hpp"

namespace coldload {
namespace {

constexpr uint64_t kChunk = 64 * limits::kKiB;

std::string content(uint64_t size_bytes, uint64_t seed) {
  std::string bytes(size_bytes, '\0');
  uint64_t state = seed;
  for (char& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<char>(state >> 56U);
  }
  return bytes;
}

// A job over made-up items in a small pool; the tests play the strategy.
class Job : public ::testing::Test {
 protected:
  void make(std::vector<std::string> bytes, JobOptions options = {}, uint32_t in_flight = 4) {
    contents = std::move(bytes);
    BufferNeeds needs;
    needs.buffer_bytes = kChunk;
    needs.buffers_in_flight = in_flight;
    ASSERT_TRUE(stream.begin({}, needs));
    std::vector<LoadItem> items;
    for (size_t i = 0; i < contents.size(); ++i) {
      const uint64_t size = contents[i].size();
      items.push_back({"shard-" + std::to_string(i), nullptr, size, {{"", 0, size}}});
    }
    job = std::make_unique<LoadJob>(std::move(items), stream, std::move(options));
    job->start_clock();
  }

  coldload_status bring(uint32_t item, uint64_t offset, uint64_t length) {
    const coldload_job& table = job->table();
    coldload_buffer buffer{};
    coldload_error error{};
    const auto acquired = table.acquire(&table, item, offset, length, &buffer, &error);
    message = error.message;
    if (acquired != COLDLOAD_OK) return acquired;
    std::memcpy(buffer.data, contents[item].data() + offset, length);
    const auto delivered = table.deliver(&table, &buffer, &error);
    message = error.message;
    return delivered;
  }
  std::string complaint() const {
    const auto complete = job->check_complete();
    return complete ? "(complete)" : complete.error().message;
  }

  std::vector<std::string> contents;
  StreamDestination stream;
  std::unique_ptr<LoadJob> job;
  std::string message;
};

TEST_F(Job, TellsTheStrategyItemsExtentsAndRegions) {
  make({content(100, 1), content(5, 2)});
  const coldload_job& table = job->table();
  ASSERT_EQ(table.item_count, 2U);
  EXPECT_EQ(table.items[0].size_bytes, 100U);
  ASSERT_EQ(table.items[1].extent_count, 1U);
  EXPECT_STREQ(table.items[1].extents[0].name, "");
  EXPECT_EQ(table.items[1].extents[0].length, 5U);
  EXPECT_EQ(table.region_count, stream.regions().size());
}

TEST_F(Job, HasTheDigestOfTheBytesThatSeveralThreadsBroughtInAnyOrder) {
  JobOptions options;
  options.verify = true;
  make({content(20 * kChunk + 777, 1), content(3, 2), ""}, options, 2);
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (uint64_t chunk = next++; chunk <= 20; chunk = next++) {
        const uint64_t offset = (20 - chunk) * kChunk;
        const uint64_t length = std::min(kChunk, contents[0].size() - offset);
        const coldload_job& table = job->table();
        coldload_buffer buffer{};
        ASSERT_EQ(table.acquire(&table, 0, offset, length, &buffer, nullptr), COLDLOAD_OK);
        std::memcpy(buffer.data, contents[0].data() + offset, length);
        ASSERT_EQ(table.deliver(&table, &buffer, nullptr), COLDLOAD_OK);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(bring(1, 0, 3), COLDLOAD_OK);
  EXPECT_EQ(complaint(), "(complete)");
  for (size_t item = 0; item < contents.size(); ++item) {
    const auto digest = job->digest(item);
    ASSERT_TRUE(digest) << digest.error().message;
    EXPECT_EQ(digest->hex(), digest_of(std::as_bytes(std::span(contents[item]))).hex());
  }
  EXPECT_EQ(job->delivered_bytes(), contents[0].size() + 3);
  EXPECT_EQ(job->requested_bytes(), job->delivered_bytes());
  EXPECT_EQ(job->latency().count(), 22U);
}

TEST_F(Job, HasNoDigestUnlessItWasAskedForOne) {
  make({content(3, 1)});
  EXPECT_EQ(bring(0, 0, 3), COLDLOAD_OK);
  const auto digest = job->digest(0);
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().message, "this load was not verified");
}

TEST_F(Job, NamesTheBytesThatNeverCame) {
  make({content(10, 1), content(2 * kChunk, 2)});
  EXPECT_EQ(bring(0, 0, 10), COLDLOAD_OK);
  EXPECT_EQ(bring(1, kChunk, kChunk), COLDLOAD_OK);
  EXPECT_EQ(complaint(), "shard-1: 65536 of 131072 bytes were delivered, bytes 0-65535 never came");
  EXPECT_EQ(job->check_complete().error().status, Status::integrity);
}

TEST_F(Job, KeepsAFaultThatTheStrategyKeepsToItself) {
  make({content(100, 1)});
  EXPECT_EQ(bring(0, 0, 60), COLDLOAD_OK);
  EXPECT_EQ(bring(0, 40, 60), COLDLOAD_INTERNAL);
  EXPECT_EQ(message, "shard-0: bytes 40-59 were delivered twice");
  EXPECT_EQ(bring(0, 60, 40), COLDLOAD_OK);
  // The first fault is the cause; later ones follow from it.
  EXPECT_EQ(bring(0, 0, 1), COLDLOAD_INTERNAL);
  EXPECT_EQ(complaint(), "shard-0: bytes 40-59 were delivered twice");
}

TEST_F(Job, RefusesRangesOutsideTheItemAndItemsThatAreNone) {
  make({content(100, 1)});
  EXPECT_EQ(bring(0, 50, 51), COLDLOAD_INTERNAL);
  EXPECT_EQ(message, "shard-0: the strategy asked for bytes 50+51 of 100");
  EXPECT_EQ(bring(0, UINT64_MAX, 2), COLDLOAD_INTERNAL);
  EXPECT_EQ(bring(1, 0, 1), COLDLOAD_INTERNAL);
  EXPECT_EQ(message, "the strategy named item 1, there are 1");
  const coldload_job& table = job->table();
  EXPECT_EQ(table.deliver_mapped(&table, 0, 99, 2, contents[0].data(), nullptr), COLDLOAD_INTERNAL);
}

TEST_F(Job, CountsNoCoverageOfABufferThatTheStrategyRelabelled) {
  make({content(2 * kChunk, 1)});
  const coldload_job& table = job->table();
  coldload_buffer buffer{};
  coldload_error error{};
  ASSERT_EQ(table.acquire(&table, 0, 0, kChunk, &buffer, &error), COLDLOAD_OK);
  buffer.offset = kChunk;
  EXPECT_EQ(table.deliver(&table, &buffer, &error), COLDLOAD_INTERNAL);
  EXPECT_STREQ(error.message,
               "a buffer was delivered as bytes 65536+65536 of item 0, it was acquired for 0+65536 of 0");
  EXPECT_EQ(job->delivered_bytes(), 0U);
  EXPECT_EQ(stream.outstanding(), 0U);
}

TEST_F(Job, IsNotCompleteWhileABufferIsKept) {
  make({""});
  const coldload_job& table = job->table();
  coldload_buffer buffer{};
  ASSERT_EQ(table.acquire(&table, 0, 0, 0, &buffer, nullptr), COLDLOAD_OK);
  EXPECT_EQ(complaint(), "the strategy kept 1 buffers it had acquired");
  EXPECT_EQ(table.deliver(&table, &buffer, nullptr), COLDLOAD_OK);
  EXPECT_EQ(complaint(), "(complete)");
}

TEST_F(Job, TakesMappedMemoryLikeAnyOther) {
  JobOptions options;
  options.verify = true;
  make({content(5 * kChunk + 1, 1)}, options);
  const coldload_job& table = job->table();
  EXPECT_EQ(table.deliver_mapped(&table, 0, 0, contents[0].size(), contents[0].data(), nullptr), COLDLOAD_OK);
  EXPECT_EQ(complaint(), "(complete)");
  EXPECT_EQ(job->digest(0)->hex(), digest_of(std::as_bytes(std::span(contents[0]))).hex());
  EXPECT_EQ(job->requested_bytes(), contents[0].size());
}

TEST_F(Job, TellsFirstAndLastByteOfEachItemThatCame) {
  make({content(2, 1), content(2, 2)});
  EXPECT_EQ(bring(0, 0, 1), COLDLOAD_OK);
  const auto first = job->times(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(bring(0, 1, 1), COLDLOAD_OK);
  const auto both = job->times(0);
  EXPECT_EQ(both.first_ns, first.first_ns);
  EXPECT_GE(*both.last_ns, *first.last_ns + 19'000'000);
  EXPECT_FALSE(job->times(1).first_ns);
  EXPECT_FALSE(job->times(1).last_ns);
}

TEST_F(Job, KeepsToTheBandwidthThatIsAllowed) {
  JobOptions options;
  options.max_bandwidth = 4 * limits::kMiB;
  const uint64_t begin = now_ns();  // before the job's own clock starts
  make({content(limits::kMiB, 1)}, options);
  for (uint64_t at = 0; at < limits::kMiB; at += kChunk) ASSERT_EQ(bring(0, at, kChunk), COLDLOAD_OK);
  // 15 of 16 chunks wait for their turn: 234 ms. Above only for a machine that hangs.
  EXPECT_GE(now_ns() - begin, 230'000'000U);
  EXPECT_LT(now_ns() - begin, 10'000'000'000U);
}

TEST_F(Job, StopsSoonWhileItWaitsForItsBandwidth) {
  std::atomic<bool> stop{false};
  JobOptions options;
  options.max_bandwidth = 1000;
  options.cancelled = [&stop] { return stop.load(); };
  make({content(2 * kChunk, 1)}, options);
  ASSERT_EQ(bring(0, 0, kChunk), COLDLOAD_OK);
  std::thread stopper([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    stop = true;
  });
  const uint64_t begin = now_ns();
  EXPECT_EQ(bring(0, kChunk, kChunk), COLDLOAD_CANCELLED);
  stopper.join();
  EXPECT_EQ(message, "the run was stopped");
  // The bandwidth alone would have made it wait 65 s.
  EXPECT_LT(now_ns() - begin, 20'000'000'000U);
  EXPECT_EQ(complaint(), "the run was stopped");
}

}  // namespace
}  // namespace coldload
