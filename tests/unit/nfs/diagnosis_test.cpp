#include "plugins/nfs/diagnosis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/told_facts.hpp"

namespace coldload::nfs {
namespace {

using ::testing::HasSubstr;

std::vector<ToldFact> told_of(const std::string& options, uint64_t read_ahead_kib) {
  const Mount mount{"0:53", "/mnt/models", "nfs4", "storage:/export", options};
  return told([&](sdk::Diagnosis& out) { tell_mounted(mount, read_ahead_kib, out); });
}

TEST(NfsDiagnosis, OfAMountThatIsSetUpForLargeReadsWarnsOfNothing) {
  const auto facts = told_of("ro,vers=4.2,rsize=1048576,nconnect=4", 16384);
  ASSERT_EQ(facts.size(), 4U);
  for (const ToldFact& fact : facts) EXPECT_EQ(fact.level, COLDLOAD_DIAGNOSIS_OK) << fact.fact;
  EXPECT_EQ(facts[0].fact, "mount: nfs4 at /mnt/models, from storage:/export, version 4.2");
  EXPECT_EQ(facts[1].fact, "read size: 1024 KiB a request");
  EXPECT_EQ(facts[2].fact, "connections: 4");
  EXPECT_EQ(facts[3].fact, "read-ahead: 16384 KiB");
}

TEST(NfsDiagnosis, OfAMountWithItsDefaultsSaysWhatToChange) {
  const auto facts = told_of("ro,vers=4.2,rsize=65536", 128);
  ASSERT_EQ(facts.size(), 4U);
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(facts[i].level, COLDLOAD_DIAGNOSIS_WARNING) << facts[i].fact;
  EXPECT_THAT(facts[1].fix, HasSubstr("rsize=1048576"));
  EXPECT_THAT(facts[2].fix, HasSubstr("nconnect=4"));
  EXPECT_EQ(facts[3].fix, "echo 16384 > /sys/class/bdi/0:53/read_ahead_kb, as root");
}

TEST(NfsDiagnosis, OfAServerTellsWhoAsksAndHow) {
  Settings settings;
  settings.url = {"storage", "/export"};
  settings.uid = 0;
  settings.gid = 7;
  const auto facts = told([&](sdk::Diagnosis& out) { tell_server(settings, 1'500'000, out); });
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_EQ(facts[0].fact, "export: nfs://storage/export (version 4) connected and mounted in 1.5 ms");
  EXPECT_THAT(facts[1].fact, HasSubstr("uid 0, gid 7; most exports make nobody of root"));
  EXPECT_EQ(facts[2].fact, "requests: up to 1024 KiB, 4 at once for each of 4 connections");
}

}  // namespace
}  // namespace coldload::nfs
