#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "coldload/ext/async_read.h"
#include "tests/support/plugin_harness.hpp"

namespace coldload::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Null : public ::testing::Test {
 protected:
  static coldload_object_info fresh_info() {
    coldload_object_info info = {};
    info.struct_size = sizeof info;
    return info;
  }
  Outcome open(const Component& backend, const char* key, void** object, coldload_object_info* info) {
    return call([&](coldload_error* error) {
      return backend.backend_ops().open(backend.self(), key, 0, object, info, error);
    });
  }

  RecordingHost host_;
};

TEST_F(Null, ListsItsObjectsBelowAnyPrefix_AndSaysThatItIsSynthetic) {
  const Component backend(host_, "null", {{"objects", "2"}, {"size", "5 B"}});
  EXPECT_EQ(backend.table().flags, uint32_t{COLDLOAD_COMPONENT_SYNTHETIC});
  for (const std::string prefix : {"", "a/b"}) {
    std::vector<std::string> keys;
    const Outcome outcome = call([&](coldload_error* error) {
      return backend.backend_ops().list(
          backend.self(), prefix.c_str(),
          [](void* context, const char* key, uint64_t size) -> coldload_status {
            EXPECT_EQ(size, 5u);
            static_cast<std::vector<std::string>*>(context)->push_back(key);
            return COLDLOAD_OK;
          },
          &keys, error);
    });
    EXPECT_EQ(outcome.status, COLDLOAD_OK);
    const std::string slash = prefix.empty() ? "" : prefix + "/";
    EXPECT_THAT(keys, ElementsAre(slash + "null-00001-of-00002.safetensors",
                                  slash + "null-00002-of-00002.safetensors"));
    for (const std::string& key : keys) {
      void* object = nullptr;
      coldload_object_info info = fresh_info();
      ASSERT_EQ(open(backend, key.c_str(), &object, &info).status, COLDLOAD_OK);
      EXPECT_EQ(info.capabilities, uint32_t{COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE});
      EXPECT_EQ(info.fd, -1);
      backend.backend_ops().close(backend.self(), object);
    }
  }
}

TEST_F(Null, HasNoOtherObjects) {
  const Component backend(host_, "null", {{"objects", "2"}});
  for (const char* key : {"null-00003-of-00002.safetensors", "null-00000-of-00002.safetensors", "x",
                          "null-1-of-2.safetensors", "null-00001-of-00003.safetensors", ""}) {
    void* object = nullptr;
    coldload_object_info info = fresh_info();
    const Outcome outcome = open(backend, key, &object, &info);
    EXPECT_EQ(outcome.status, COLDLOAD_NOT_FOUND) << key;
    EXPECT_THAT(outcome.message, HasSubstr("the last is number 2"));
  }
}

TEST_F(Null, RefusesARangePastTheEnd) {
  const Component backend(host_, "null", {{"size", "5 B"}});
  void* object = nullptr;
  coldload_object_info info = fresh_info();
  ASSERT_EQ(open(backend, "null-00001-of-00001.safetensors", &object, &info).status, COLDLOAD_OK);
  char buffer[8];
  const auto read = [&](uint64_t offset, uint64_t length) {
    return call([&](coldload_error* error) {
      return backend.backend_ops().read_at(object, offset, buffer, length, error);
    });
  };
  EXPECT_EQ(read(0, 5).status, COLDLOAD_OK);
  EXPECT_EQ(read(1, 5).status, COLDLOAD_IO_ERROR);
  EXPECT_EQ(read(UINT64_MAX, 2).status, COLDLOAD_IO_ERROR);
  EXPECT_EQ(read(6, 0).message, "null: 0 bytes at 6: past the end, the object has 5 bytes");
  backend.backend_ops().close(backend.self(), object);
}

// From below only: a busy machine may be late, but no read may be early.
TEST_F(Null, DeliversNoFasterThanItsRate_WhateverTheNumberOfThreads) {
  constexpr double kSeconds = 0.2;
  for (const char* threads : {"1", "4"}) {
    const Component backend(host_, "null", {{"size", "20 MB"}, {"rate", "100 MB/s"}});
    const Component strategy(host_, "parallel", {{"chunk", "64 KiB"}, {"threads", threads}});
    Load load(host_, backend, strategy, {{"null-00001-of-00001.safetensors", 20'000'000, nullptr}});
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(load.run().status, COLDLOAD_OK);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    EXPECT_GE(elapsed.count(), kSeconds);
    EXPECT_LT(elapsed.count(), 20 * kSeconds);
  }
}

TEST_F(Null, BeginsItsScheduleAnewWithEachRun) {
  const Component backend(host_, "null", {{"size", "5 MB"}, {"rate", "100 MB/s"}});
  const Component strategy(host_, "sequential", {{"chunk", "64 KiB"}});
  for (int run = 0; run < 2; ++run) {
    Load load(host_, backend, strategy, {{"null-00001-of-00001.safetensors", 5'000'000, nullptr}});
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(load.run().status, COLDLOAD_OK);
    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50)) << "run " << run;
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
  }
}

TEST_F(Null, WritesAnAsynchronousReadsZerosBeforeItCompletes_AndRefusesOneTooMany) {
  const Component backend(host_, "null", {{"size", "1 MiB"}, {"latency", "1 ms"}});
  void* object = nullptr;
  coldload_object_info info = fresh_info();
  ASSERT_EQ(open(backend, "null-00001-of-00001.safetensors", &object, &info).status, COLDLOAD_OK);
  const auto& async = *static_cast<const coldload_async_read_ops*>(
      backend.backend_ops().get_extension(backend.self(), COLDLOAD_EXT_ASYNC_READ));
  void* queue = nullptr;
  ASSERT_EQ(async.queue_open(backend.self(), 2, &queue, nullptr), COLDLOAD_OK);
  std::string first(100, 'x');
  std::string second(100, 'x');
  const auto submit = [&](std::string& buffer, uint64_t tag) {
    return call([&](coldload_error* error) {
      return async.submit(queue, object, 0, buffer.size(), buffer.data(), tag, error);
    });
  };
  EXPECT_EQ(submit(first, 7).status, COLDLOAD_OK);
  EXPECT_EQ(submit(second, 8).status, COLDLOAD_OK);
  EXPECT_THAT(submit(second, 9).message, HasSubstr("more than 2 reads"));
  std::vector<coldload_completion> done(2);
  uint32_t count = 0;
  ASSERT_EQ(async.wait(queue, 2, 2, done.data(), &count, nullptr), COLDLOAD_OK);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(done[0].tag, 7u);
  EXPECT_EQ(done[1].tag, 8u);
  EXPECT_EQ(first + second, std::string(200, '\0'));
  EXPECT_EQ(async.wait(queue, 0, 2, done.data(), &count, nullptr), COLDLOAD_OK);
  EXPECT_EQ(count, 0u);
  async.cancel_all(queue);
  async.queue_close(queue);
  backend.backend_ops().close(backend.self(), object);
}

}  // namespace
}  // namespace coldload::testing
