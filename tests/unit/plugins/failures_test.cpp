// What strategies do when something goes wrong: the right status and message, and everything given back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tests/support/plugin_harness.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::testing {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kFileBytes = 3'000'001;

// Threads of this process, without those that the kernel lends to a ring and takes back when it is idle.
size_t thread_count() {
  size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (!name.empty() && !name.starts_with("iou-")) ++count;
  }
  return count;
}

// A joined thread may show for a moment longer; one that was left behind shows for good.
bool comes_back_to(size_t threads) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (thread_count() <= threads) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

// Those that are there when no strategy runs: a sanitizer starts one of its own with the first thread.
size_t resting_threads() {
  std::thread([] {}).join();
  return thread_count();
}

struct Variant {
  const char* name;
  const char* strategy;
  OptionTexts options;

  friend void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }
};

const std::vector<Variant> kReading = {
    {"sequential", "sequential", {{"chunk", "64 KiB"}}},
    {"sequential_direct", "sequential", {{"chunk", "64 KiB"}, {"direct", "true"}}},
    {"parallel", "parallel", {{"chunk", "64 KiB"}}},
    {"io_uring", "io_uring", {{"chunk", "64 KiB"}}},
    {"io_uring_direct", "io_uring", {{"chunk", "64 KiB"}, {"direct", "true"}}},
    {"io_uring_rings", "io_uring", {{"chunk", "64 KiB"}, {"rings", "3"}, {"depth", "4"}}},
};

class Failures : public ::testing::TestWithParam<Variant> {
 protected:
  Failures()
      : backend_(host_, "local", {{"root", scratch_.path()}}),
        strategy_(host_, GetParam().strategy, GetParam().options),
        load_(host_, backend_, strategy_, {scratch_.file("a", 5000), scratch_.file("b", kFileBytes)}) {}

  Scratch scratch_;
  RecordingHost host_;
  Component backend_;
  Component strategy_;
  Load load_;
};

using EveryStrategy = Failures;
using ReadingStrategies = Failures;

TEST_P(ReadingStrategies, NameTheFileAndWhereItEnds_WhenItWasCutShort) {
  ASSERT_EQ(load_.open().status, COLDLOAD_OK);
  std::filesystem::resize_file(scratch_.path() + "/b", 1'000'001);
  const size_t threads_before = resting_threads();
  const Outcome outcome = load_.run();
  EXPECT_EQ(outcome.status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(outcome.message, HasSubstr("b: bytes "));
  EXPECT_THAT(outcome.message, HasSubstr("it had 3000001 when it was opened"));
  EXPECT_EQ(load_.complaint(), "");
  EXPECT_TRUE(comes_back_to(threads_before));
}

TEST_P(EveryStrategy, StopsAtTheFirstDeliveryThatFails) {
  load_.on_deliver = [](uint64_t number) {
    if (number == 3) return COLDLOAD_INTEGRITY;
    // The other threads wait a little, so that the one that failed is heard even if it loses its core just
    // then.
    if (number > 3) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return COLDLOAD_OK;
  };
  const size_t threads_before = resting_threads();
  EXPECT_EQ(load_.run().status, COLDLOAD_INTEGRITY);
  EXPECT_EQ(load_.complaint(), "");
  EXPECT_TRUE(comes_back_to(threads_before));
  // What was on its way when it failed may still arrive; nothing new may start.
  EXPECT_LT(load_.delivery_count(), 40u);
}

TEST_P(EveryStrategy, ReturnsCancelledHalfway_WithItsThreadsJoined) {
  load_.on_deliver = [&](uint64_t number) {
    if (number == 3) host_.cancelled = true;
    return COLDLOAD_OK;
  };
  const size_t threads_before = resting_threads();
  EXPECT_EQ(load_.run().status, COLDLOAD_CANCELLED);
  EXPECT_EQ(load_.complaint(), "");
  EXPECT_TRUE(comes_back_to(threads_before));
  EXPECT_LT(load_.delivery_count(), 40u);
}

TEST_P(EveryStrategy, ReadsNothingWhenItIsCancelledBefore) {
  host_.cancelled = true;
  EXPECT_EQ(load_.run().status, COLDLOAD_CANCELLED);
  EXPECT_EQ(load_.delivery_count(), 0u);
}

const auto kName = [](const auto& variant) { return std::string(variant.param.name); };
INSTANTIATE_TEST_SUITE_P(Reading, ReadingStrategies, ::testing::ValuesIn(kReading), kName);
INSTANTIATE_TEST_SUITE_P(Reading, EveryStrategy, ::testing::ValuesIn(kReading), kName);
INSTANTIATE_TEST_SUITE_P(
    Mapping, EveryStrategy,
    ::testing::Values(Variant{"mmap", "mmap", {{"chunk", "64 KiB"}}},
                      Variant{"mmap_threads", "mmap", {{"chunk", "64 KiB"}, {"threads", "3"}}},
                      Variant{
                          "mmap_prefetch",
                          "mmap",
                          {{"chunk", "64 KiB"}, {"prefetch_threads", "2"}, {"prefetch_block", "64 KiB"}}}),
    kName);

// Fails the k-th read, for every k until a load succeeds: nothing is kept, whichever it is.
std::atomic<uint64_t> reads_until_failure{0};
const coldload_backend_ops* real_ops = nullptr;

TEST(Strategy, GivesEverythingBackWhicheverReadFails) {
  Scratch scratch;
  RecordingHost host;
  const Component backend(host, "local", {{"root", scratch.path()}});
  real_ops = &backend.backend_ops();
  const std::vector<Expected> files = {scratch.file("a", 70'000), scratch.file("b", 1)};
  for (const char* name : {"sequential", "parallel"}) {
    const Component strategy(host, name, {{"chunk", "4 KiB"}});
    for (uint64_t k = 1; k <= 20; ++k) {
      Load load(host, backend, strategy, files);
      reads_until_failure = k;
      load.object_ops.read_at = [](void* object, uint64_t offset, void* buffer, uint64_t length,
                                   coldload_error* error) -> coldload_status {
        if (reads_until_failure.fetch_sub(1) == 1) {
          error->os_error = EIO;
          std::snprintf(error->message, sizeof error->message, "a bad block");
          return COLDLOAD_IO_ERROR;
        }
        return real_ops->read_at(object, offset, buffer, length, error);
      };
      const Outcome outcome = load.run();
      const bool enough = k > 18 + 1;  // 18 chunks of a, one of b.
      EXPECT_EQ(outcome.status, enough ? COLDLOAD_OK : COLDLOAD_IO_ERROR) << name << ", read " << k;
      if (!enough) {
        EXPECT_EQ(outcome.message, "a bad block");
        EXPECT_EQ(outcome.os_error, EIO);
      }
      EXPECT_EQ(load.complaint(), "");
    }
  }
}

TEST(Strategy, ReturnsCancelledWhileTheBackendSleeps) {
  for (const char* in_flight : {"1", "8"}) {
    RecordingHost host;
    const Component backend(host, "null", {{"size", "1 MiB"}, {"latency", "1 min"}});
    const Component strategy(host, "parallel",
                             {{"chunk", "64 KiB"}, {"threads", "4"}, {"in_flight", in_flight}});
    Load load(host, backend, strategy, {{"null-00001-of-00001.safetensors", 1u << 20, nullptr}});
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      host.cancelled = true;
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(load.run().status, COLDLOAD_CANCELLED);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20))
        << "the latency is a minute";
    canceller.join();
    EXPECT_EQ(load.delivery_count(), 0u);
  }
}

}  // namespace
}  // namespace coldload::testing
