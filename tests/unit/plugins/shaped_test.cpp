#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "plugins/shaped/link.hpp"
#include "scratch.hpp"
#include "tests/support/plugin_harness.hpp"

namespace coldload::testing {
namespace {

using shaped::Link;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kMs = 1'000'000;

TEST(ShapedLink, CarriesReadsOneAfterTheOtherAtItsBandwidth) {
  Link link({.bandwidth = 1'000'000'000});  // one byte a nanosecond
  const uint64_t now = 1'000 * kMs;
  // The bucket is full: the first two milliseconds of bytes were saved up.
  EXPECT_EQ(link.due_ns(now, "a", 0, 2 * kMs), now);
  EXPECT_EQ(link.due_ns(now, "a", 0, 10 * kMs), now + 10 * kMs);
  EXPECT_EQ(link.due_ns(now, "b", 0, 5 * kMs), now + 15 * kMs);
  // After a long pause no more than the bucket is saved up.
  EXPECT_EQ(link.due_ns(now + 1'000 * kMs, "b", 0, 5 * kMs), now + 1'003 * kMs);
}

TEST(ShapedLink, LatencyIsBeforeTheFirstByte_AndOverlapsWithOtherReads) {
  Link link({.bandwidth = 1'000'000'000, .latency_ns = 4 * kMs});
  const uint64_t now = 1'000 * kMs;
  EXPECT_EQ(link.due_ns(now, "a", 0, 12 * kMs), now + 14 * kMs);
  EXPECT_EQ(link.due_ns(now, "a", 0, 10 * kMs), now + 24 * kMs);
}

TEST(ShapedLink, NoReadIsFasterThanOneConnection) {
  Link link({.bandwidth = 1'000'000'000, .per_connection = 100'000'000, .latency_ns = kMs});
  const uint64_t now = 1'000 * kMs;
  EXPECT_EQ(link.due_ns(now, "a", 0, kMs), now + 11 * kMs);
  EXPECT_EQ(link.due_ns(now, "b", 0, kMs), now + 11 * kMs) << "two connections do not share one's limit";
}

TEST(ShapedLink, JitterIsAFunctionOfSeedKeyAndOffset) {
  const Link one({.latency_ns = kMs, .jitter_ns = kMs, .seed = 7});
  const Link same({.latency_ns = kMs, .jitter_ns = kMs, .seed = 7});
  const Link other({.latency_ns = kMs, .jitter_ns = kMs, .seed = 8});
  std::set<uint64_t> delays;
  uint64_t sum = 0;
  bool differs = false;
  for (uint64_t offset = 0; offset < 1000; ++offset) {
    const uint64_t delay = one.delay_ns("model.safetensors", offset << 20U);
    EXPECT_GE(delay, kMs);
    EXPECT_LE(delay, 2 * kMs);
    EXPECT_EQ(delay, same.delay_ns("model.safetensors", offset << 20U));
    differs = differs || delay != other.delay_ns("model.safetensors", offset << 20U);
    delays.insert(delay);
    sum += delay;
  }
  EXPECT_TRUE(differs);
  EXPECT_GT(delays.size(), 990U);
  // Uniform: the mean of 1000 lies within 5 standard errors (0.29 ms / sqrt(1000)) of the middle.
  EXPECT_NEAR(static_cast<double>(sum) / 1000, 1.5 * kMs, 0.046 * kMs);
}

class Shaped : public ::testing::Test {
 protected:
  static coldload_object_info fresh_info() {
    coldload_object_info info = {};
    info.struct_size = sizeof info;
    return info;
  }

  RecordingHost host_;
};

TEST_F(Shaped, SaysThatItIsEmulated) {
  const Component source(host_, "null");
  const Component backend(host_, "shaped", {}, {{"source", &source}});
  EXPECT_EQ(backend.table().flags, uint32_t{COLDLOAD_COMPONENT_EMULATED});
}

TEST_F(Shaped, OffersNoDescriptor_ButWhatTheSourceKnowsOfItsCache) {
  Scratch scratch;
  const Expected file = scratch.file("m/a.safetensors", 100'001);
  const Component source(host_, "local", {{"root", scratch.path()}});
  const Component backend(host_, "shaped", {{"bandwidth", "1 Gbit/s"}}, {{"source", &source}});
  coldload_object_info info = fresh_info();
  void* object = nullptr;
  const Outcome opened = call([&](coldload_error* error) {
    return backend.backend_ops().open(backend.self(), file.key.c_str(), COLDLOAD_OPEN_DIRECT, &object, &info,
                                      error);
  });
  ASSERT_EQ(opened.status, COLDLOAD_OK) << opened.message;
  EXPECT_EQ(info.capabilities, uint32_t{COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_EVICT | COLDLOAD_CAN_RESIDENCY});
  EXPECT_EQ(info.fd, -1);
  EXPECT_EQ(info.size_bytes, 100'001U);
  EXPECT_EQ(left_after_evicting(backend, object), 0U);
  backend.backend_ops().close(backend.self(), object);
}

TEST_F(Shaped, BringsTheSourcesBytes_NoFasterThanItsBandwidth) {
  Scratch scratch;
  const std::vector<Expected> files = {scratch.file("m/a.safetensors", 3'000'001),
                                       scratch.file("m/b.safetensors", 2'000'003)};
  for (const char* threads : {"1", "4"}) {
    const Component source(host_, "local", {{"root", scratch.path()}});
    const Component backend(host_, "shaped", {{"bandwidth", "50 MB/s"}, {"latency", "1 ms"}},
                            {{"source", &source}});
    const Component strategy(host_, "parallel", {{"chunk", "256 KiB"}, {"threads", threads}});
    Load load(host_, backend, strategy, files);
    const auto start = std::chrono::steady_clock::now();
    const Outcome outcome = load.run();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    ASSERT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
    EXPECT_THAT(load.complaint(), IsEmpty());
    EXPECT_THAT(load.coverage(), IsEmpty());
    // From below only: 5 MB at 50 MB/s, less the bucket's 2 ms.
    EXPECT_GE(elapsed.count(), 0.098);
  }
}

TEST_F(Shaped, TellsHowOftenTheSourceWasSlowerThanTheLink) {
  const Component source(host_, "null", {{"size", "1 MB"}, {"rate", "10 MB/s"}});
  {
    const Component backend(host_, "shaped", {{"bandwidth", "1 GB/s"}}, {{"source", &source}});
    const Component strategy(host_, "sequential", {{"chunk", "100 KiB"}});
    Load load(host_, backend, strategy, {{"null-00001-of-00001.safetensors", 1'000'000, nullptr}});
    ASSERT_EQ(load.run().status, COLDLOAD_OK);
  }
  EXPECT_EQ(host_.metric("shaped/reads"), 10);
  EXPECT_EQ(host_.metric("shaped/reads_late"), 10);
  EXPECT_THAT(host_.disturbances(),
              ElementsAre(HasSubstr("slower than the emulated link in 10 of 10 reads")));
}

TEST_F(Shaped, ASlowReadIsGivenUpWhenTheRunStops) {
  const Component source(host_, "null", {{"size", "1 MB"}});
  const Component backend(host_, "shaped", {{"latency", "10 s"}}, {{"source", &source}});
  const Component strategy(host_, "sequential", {{"chunk", "100 KiB"}});
  Load load(host_, backend, strategy, {{"null-00001-of-00001.safetensors", 1'000'000, nullptr}});
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    host_.cancelled = true;
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(load.run().status, COLDLOAD_CANCELLED);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(Shaped, ASourcesFailureIsItsOwn) {
  const Component source(host_, "null", {{"size", "5 B"}});
  const Component backend(host_, "shaped", {}, {{"source", &source}});
  coldload_object_info info = fresh_info();
  void* object = nullptr;
  const Outcome outcome = call([&](coldload_error* error) {
    return backend.backend_ops().open(backend.self(), "x", 0, &object, &info, error);
  });
  EXPECT_EQ(outcome.status, COLDLOAD_NOT_FOUND);
  EXPECT_THAT(outcome.message, HasSubstr("null"));
}

}  // namespace
}  // namespace coldload::testing
