#include "core/run/counters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Counters zeros() {
  Counters counters;
  counters.io_read_bytes = 0;
  counters.cache_drops = 0;
  counters.throttled_ns = 0;
  counters.device = DeviceCounters{};
  return counters;
}

double metric(const RunRecord& record, std::string_view tag) {
  const Metric* found = record.metric(tag);
  return found == nullptr ? -1 : found->value;
}

TEST(Counters, DifferenceOfTwoIsWhatHappenedBetweenThem) {
  Counters before = zeros();
  before.taken_ns = 1'000'000'000;
  before.cpu_user_ns = 5;
  before.device = DeviceCounters{10, 7, 1000, 50, 0};
  Counters after = before;
  after.taken_ns = 2'000'000'000;
  after.io_read_bytes = 4096;
  after.cpu_user_ns = 25;
  after.faults_major = 3;
  after.device = DeviceCounters{14, 9, 1000 + 4096, 2050, 1};
  RunRecord record;
  add_difference(before, after, record);
  add_own_usage(before, after, record);
  EXPECT_EQ(record.bytes.device, 4096U);
  EXPECT_EQ(record.bytes.host_device, 4096U);
  EXPECT_EQ(metric(record, "cpu_user_ns"), 20);
  EXPECT_EQ(metric(record, "faults_major"), 3);
  EXPECT_EQ(metric(record, "device_read_requests"), 4);
  EXPECT_EQ(metric(record, "device_read_merges"), 2);
  EXPECT_EQ(metric(record, "device_request_bytes_mean"), 1024);
  EXPECT_EQ(metric(record, "device_in_flight_mean"), 2);
  EXPECT_THAT(record.disturbed, IsEmpty());
}

TEST(Counters, WhatTheKernelDoesNotCountIsAbsentAndNotZero) {
  RunRecord record;
  add_difference({}, {}, record);
  EXPECT_FALSE(record.bytes.device);
  EXPECT_FALSE(record.bytes.host_device);
  for (const char* tag : {"cpu_machine_ns", "io_pressure_ns", "pages_reclaimed", "device_read_requests"}) {
    EXPECT_EQ(record.metric(tag), nullptr) << tag;
  }
}

TEST(Counters, ThatRunBackwardsAreAbsent) {
  Counters before = zeros();
  before.io_read_bytes = 100;
  RunRecord record;
  add_difference(before, zeros(), record);
  EXPECT_FALSE(record.bytes.device);
}

std::vector<std::string> disturbances(const Counters& after) {
  RunRecord record;
  add_difference(zeros(), after, record);
  return record.disturbed;
}

TEST(Counters, NoteWhoDroppedTheCache) {
  Counters after = zeros();
  after.cache_drops = 1;
  EXPECT_THAT(disturbances(after),
              ElementsAre("somebody dropped the page cache during the run (/proc/vmstat drop_pagecache)"));
}

TEST(Counters, NoteThrottlingAboveAMillisecond) {
  Counters after = zeros();
  after.throttled_ns = 1'000'000;
  EXPECT_THAT(disturbances(after), IsEmpty());
  after.throttled_ns = 1'000'001;
  EXPECT_THAT(disturbances(after), ElementsAre("the cgroup's CPU limit stopped this process for 1.00 ms"));
}

TEST(Counters, NoteOtherReadersOfTheDeviceAboveSmallTalk) {
  constexpr uint64_t kOwn = 1000 * limits::kMiB;
  constexpr uint64_t kAllowed = kOwn + 50 * limits::kMiB + 16 * limits::kMiB;
  Counters after = zeros();
  after.io_read_bytes = kOwn;
  after.device = DeviceCounters{1000, 0, kAllowed, 1, 0};
  after.taken_ns = 1;
  EXPECT_THAT(disturbances(after), IsEmpty());
  after.device->read_bytes = kAllowed + 1;
  EXPECT_THAT(disturbances(after), ElementsAre("others read 69.2 MB from the same device meanwhile"));
}

TEST(Counters, OfThisProcessAreTaken) {
  const Counters counters = take_counters("");
  EXPECT_NE(counters.taken_ns, 0U);
  EXPECT_TRUE(counters.io_read_bytes);
  EXPECT_TRUE(counters.machine_cpu_ns);
  EXPECT_FALSE(counters.device);
  EXPECT_GT(resident_memory().peak_bytes, 0U);
  EXPECT_FALSE(device_counters("0:4711"));
}

TEST(Counters, AFileInMemoryHasNoBlockDevice) {
  EXPECT_EQ(block_device_of("/dev/shm"), "");
  EXPECT_EQ(block_device_of("/nonexistent"), "");
}

}  // namespace
}  // namespace coldload
