// The built plugin through its C tables, against a server that lives in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "coldload/ext/async_read.h"
#include "quiet_server.hpp"
#include "tests/support/plugin_harness.hpp"

namespace coldload::s3 {
namespace {

using testing::call;
using testing::Component;
using ::testing::HasSubstr;
using testing::OptionTexts;
using testing::Outcome;
using testing::RecordingHost;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kObjectBytes = 300'000;
// The contract says 100 ms; a busy machine may add to it. What is never cancelled takes longer than this.
constexpr auto kCancelMax = std::chrono::seconds(10);

class Reading : public ::testing::Test {
 protected:
  void create(OptionTexts options = {}) {
    options["url"] = "s3://models";
    options["endpoint"] = server_.endpoint();
    options["anonymous"] = "true";
    options["proxy"] = "none";
    options["part_size"] = "64 KiB";
    backend_.emplace(host_, "s3", options);
    ASSERT_EQ(backend_->outcome().status, COLDLOAD_OK) << backend_->outcome().message;
    info_.struct_size = sizeof info_;
    const Outcome opened = call(
        [&](coldload_error* error) { return ops().open(backend_->self(), "a", 0, &object_, &info_, error); });
    ASSERT_EQ(opened.status, COLDLOAD_OK) << opened.message;
  }
  void TearDown() override {
    if (object_ != nullptr) ops().close(backend_->self(), object_);
  }

  [[nodiscard]] const coldload_backend_ops& ops() const { return backend_->backend_ops(); }
  [[nodiscard]] const coldload_async_read_ops& async() const {
    return *static_cast<const coldload_async_read_ops*>(
        ops().get_extension(backend_->self(), COLDLOAD_EXT_ASYNC_READ));
  }
  Outcome read(uint64_t offset, std::string& buffer) {
    return call([&](coldload_error* error) {
      return ops().read_at(object_, offset, buffer.data(), buffer.size(), error);
    });
  }
  void* open_queue(uint32_t depth) {
    void* queue = nullptr;
    EXPECT_EQ(call([&](coldload_error* error) {
                return async().queue_open(backend_->self(), depth, &queue, error);
              }).status,
              COLDLOAD_OK);
    return queue;
  }
  Outcome submit(void* queue, uint64_t offset, std::string& buffer, uint64_t tag) {
    return call([&](coldload_error* error) {
      return async().submit(queue, object_, offset, buffer.size(), buffer.data(), tag, error);
    });
  }
  static bool holds(const std::string& buffer, uint64_t offset) {
    for (size_t i = 0; i < buffer.size(); ++i) {
      if (buffer[i] != QuietServer::byte_at(offset + i)) return false;
    }
    return true;
  }
  // Sets cancelled once a GET is under way; tells when.
  std::thread cancel_soon(Clock::time_point& when) {
    return std::thread([this, &when] {
      while (server_.gets == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      when = Clock::now();
      host_.cancelled = true;
    });
  }

  QuietServer server_{kObjectBytes};
  RecordingHost host_;
  std::optional<Component> backend_;
  void* object_ = nullptr;
  coldload_object_info info_ = {};
};

TEST_F(Reading, OffersReadAtAndNoLocalCacheAndPrefersAPart) {
  create();
  EXPECT_EQ(info_.capabilities, uint32_t{COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE});
  EXPECT_EQ(info_.size_bytes, kObjectBytes);
  EXPECT_EQ(info_.preferred_read_bytes, 64u << 10);
  EXPECT_EQ(info_.fd, -1);
  EXPECT_EQ(server_.gets, 0) << "opening reads no bytes";
}

TEST_F(Reading, LongerThanAPartIsSeveralRequestsAndTheSameBytes) {
  create();
  std::string buffer(200'001, '\0');
  EXPECT_EQ(read(99'999, buffer).status, COLDLOAD_OK);
  EXPECT_TRUE(holds(buffer, 99'999));
  EXPECT_EQ(server_.gets, 4);
}

TEST_F(Reading, PastTheEndIsAnErrorBeforeAnythingIsAsked) {
  create();
  std::string buffer(2, '\0');
  const Outcome outcome = read(kObjectBytes - 1, buffer);
  EXPECT_EQ(outcome.status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(outcome.message, HasSubstr("s3://models/a: 2 bytes at 299999 are past the end"));
  EXPECT_EQ(server_.gets, 0);
}

TEST_F(Reading, ReturnsSoonAfterTheRunStopsAlthoughTheServerIsSilent) {
  create();
  server_.silent = true;
  Clock::time_point cancelled;
  std::thread canceller = cancel_soon(cancelled);
  std::string buffer(1000, '\0');
  EXPECT_EQ(read(0, buffer).status, COLDLOAD_CANCELLED);
  const auto returned = Clock::now();
  canceller.join();
  EXPECT_LT(returned - cancelled, kCancelMax);
}

TEST_F(Reading, OfManyThreadsKeepsToTheLimitOnRequests) {
  create({{"connections", "2"}});
  server_.delay_ms = 10;
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      std::string buffer(100'000, '\0');
      if (read(1000, buffer).status == COLDLOAD_OK && holds(buffer, 1000)) ++right;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 6);
  EXPECT_LE(server_.most_at_once, 2);
}

TEST_F(Reading, OfAQueueBringsEachReadOnceUnderItsTag) {
  create();
  server_.delay_ms = 20;
  void* queue = open_queue(4);
  std::vector<std::string> buffers(4, std::string(70'000, '\0'));
  for (uint64_t i = 0; i < 4; ++i)
    EXPECT_EQ(submit(queue, i * 70'000, buffers[i], i + 10).status, COLDLOAD_OK);
  std::string more(1, '\0');
  EXPECT_THAT(submit(queue, 0, more, 99).message, HasSubstr("more than 4 reads"));
  std::vector<bool> seen(4);
  for (size_t done = 0; done < 4;) {
    std::vector<coldload_completion> completions(4);
    uint32_t count = 0;
    const Outcome waited = call(
        [&](coldload_error* error) { return async().wait(queue, 1, 4, completions.data(), &count, error); });
    ASSERT_EQ(waited.status, COLDLOAD_OK) << waited.message;
    ASSERT_GE(count, 1u);
    for (uint32_t i = 0; i < count; ++i, ++done) {
      const uint64_t number = completions[i].tag - 10;
      ASSERT_EQ(completions[i].status, COLDLOAD_OK);
      EXPECT_FALSE(seen.at(number));
      seen.at(number) = true;
      EXPECT_TRUE(holds(buffers[number], number * 70'000));
    }
  }
  EXPECT_GT(server_.most_at_once, 1) << "under way together";
  uint32_t count = 0;
  EXPECT_THAT(
      call([&](coldload_error* error) { return async().wait(queue, 1, 1, nullptr, &count, error); }).message,
      HasSubstr("only 0 were under way"));
  async().queue_close(queue);
}

TEST_F(Reading, OfAQueueIsCancelledSoonAndLeavesItsBuffersAlone) {
  create();
  server_.silent = true;
  void* queue = open_queue(2);
  std::string buffer(100'000, '\0');
  EXPECT_EQ(submit(queue, 0, buffer, 1).status, COLDLOAD_OK);
  Clock::time_point cancelled;
  std::thread canceller = cancel_soon(cancelled);
  coldload_completion completion = {};
  completion.error.struct_size = sizeof completion.error;
  uint32_t count = 0;
  EXPECT_EQ(call([&](coldload_error* error) {
              return async().wait(queue, 1, 1, &completion, &count, error);
            }).status,
            COLDLOAD_CANCELLED);
  const auto returned = Clock::now();
  canceller.join();
  EXPECT_LT(returned - cancelled, kCancelMax);
  async().cancel_all(queue);
  server_.silent = false;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(buffer, std::string(100'000, '\0'));
  async().queue_close(queue);
}

}  // namespace
}  // namespace coldload::s3
