#include "core/run/mountstats.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/run/counters.hpp"

namespace coldload {
namespace {

// The form of fs/nfs/super.c and net/sunrpc/stats.c, statvers 1.1, shortened to what is around what we read.
constexpr std::string_view kSample =
    "device proc mounted on /proc with fstype proc\n"
    "device storage:/export/a mounted on /mnt/a with fstype nfs4 statvers=1.1\n"
    "\topts:\tro,vers=4.2,rsize=1048576,wsize=1048576,hard,proto=tcp,nconnect=4\n"
    "\tage:\t120\n"
    "\tevents:\t7 12 0 0 5 4 9 0 0 88 0 0 0 0 3 0 0 1 0 0 0 0 0 0 0 0 0\n"
    "\tbytes:\t268435456 11 4096 12 268439552 13 65536 14\n"
    "\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)\n"
    "\txprt:\ttcp 0 0 1 0 24 301 301 0 301 0 2 0 0\n"
    "\tper-op statistics\n"
    "\t        NULL: 1 1 0 44 24 8 2 10 0\n"
    "\t        READ: 257 258 0 55512 268466296 17 1799 1820 0\n"
    "\t       WRITE: 0 0 0 0 0 0 0 0 0\n"
    "\n"
    "device storage:/export/b mounted on /mnt/with\\040blank with fstype nfs statvers=1.1\n"
    "\tbytes:\t1 2 3 4 5 6 7 8\n"
    "\t        READ: 1 1 0 1 1 1 9 9\n"
    "device tmpfs mounted on /tmp with fstype tmpfs\n";

TEST(Mountstats, TellsWhatCameFromTheServerOfOneMount) {
  const auto counters = parse_mountstats(kSample, "/mnt/a");
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->read_bytes, 268439552U);
  EXPECT_EQ(counters->read_requests, 257U);
  EXPECT_EQ(counters->read_rtt_ms, 1799U);
}

TEST(Mountstats, AMountPointWithABlankIsFound) {
  const auto counters = parse_mountstats(kSample, "/mnt/with blank");
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->read_bytes, 5U);
  EXPECT_EQ(counters->read_rtt_ms, 9U);
}

TEST(Mountstats, OtherMountsAndOtherFileSystemsHaveNone) {
  for (const char* mount : {"", "/", "/mnt", "/mnt/a/b", "/tmp", "/proc"}) {
    EXPECT_FALSE(parse_mountstats(kSample, mount)) << mount;
  }
}

TEST(Mountstats, WhatIsMountedOverItHidesIt) {
  const std::string over =
      std::string(kSample) + "device tmpfs mounted on /mnt/a with fstype tmpfs\n\tbytes: 1 1 1 1 1\n";
  EXPECT_FALSE(parse_mountstats(over, "/mnt/a"));
  const std::string again = over +
                            "device s:/e mounted on /mnt/a with fstype nfs4 statvers=1.1\n"
                            "\tbytes:\t0 0 0 0 77 0 0 0\n\tREAD: 1 0 0 0 0 0 2 0\n";
  EXPECT_EQ(parse_mountstats(again, "/mnt/a")->read_bytes, 77U);
}

TEST(Mountstats, HostileLinesGiveNothingRatherThanANumber) {
  const std::string head = "device s:/e mounted on /m with fstype nfs4 statvers=1.1\n";
  for (const char* body :
       {"", "bytes:", "\tbytes:\t1 2 3 4 5", "\tbytes:\t1 2 3 4 -5 6\n\tREAD: 1 2 3 4 5 6 7 8",
        "\tbytes:\t1 2 3 4 99999999999999999999999 6\n\tREAD: 1 2 3 4 5 6 7 8",
        "\tbytes:\t1 2 3 4 5x 6\n\tREAD: 1 2 3 4 5 6 7 8", "\tbytes:\t1 2 3 4 5 6\n\tREAD: 1 2 3",
        "\tbytes:\t1 2 3 4 5 6\n\tREADDIR: 1 2 3 4 5 6 7 8", "\tREAD: 1 2 3 4 5 6 7 8"}) {
    EXPECT_FALSE(parse_mountstats(head + body, "/m")) << body;
  }
  EXPECT_FALSE(parse_mountstats("device\ndevice s:/e mounted on\n\n \t\n", "/m"));
}

TEST(Mountstats, TheServersBytesAreTheDevicesBytesOfTheRun) {
  Counters before;
  before.io_read_bytes = 0;
  before.nfs = NfsCounters{1000, 10, 100};
  Counters after;
  after.io_read_bytes = 0;
  after.nfs = NfsCounters{9000, 14, 108};
  RunRecord record;
  add_difference(before, after, record);
  EXPECT_EQ(record.bytes.device, 8000U);
  EXPECT_EQ(record.metric("nfs_read_bytes")->value, 8000);
  EXPECT_EQ(record.metric("nfs_read_requests")->value, 4);
  EXPECT_EQ(record.metric("nfs_read_rtt_mean_ns")->value, 2e6);
}

TEST(Mountstats, CountersThatRanBackwardsAreOfAnotherMount) {
  Counters before;
  before.io_read_bytes = 0;
  before.nfs = NfsCounters{9000, 14, 108};
  Counters after;
  after.io_read_bytes = 5;
  after.nfs = NfsCounters{1000, 10, 100};
  RunRecord record;
  add_difference(before, after, record);
  EXPECT_FALSE(record.bytes.device);
  EXPECT_EQ(record.metric("nfs_read_bytes"), nullptr);
}

TEST(Mountstats, ALocalFileLiesOnNoNfsMount) {
  EXPECT_EQ(nfs_mount_of("/proc/self/stat"), "");
  EXPECT_EQ(nfs_mount_of("/nonexistent"), "");
}

}  // namespace
}  // namespace coldload
