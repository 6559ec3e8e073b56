#include "plugins/staged/diagnosis.hpp"

#include <gtest/gtest.h>

#include "tests/support/told_facts.hpp"

namespace coldload::staged {
namespace {

ToldFact told_of(const Room& room) {
  return told([&](sdk::Diagnosis& out) { tell_room("/mnt/disk/copy", room, out); }).at(0);
}

TEST(RoomFact, CountsTheReserve_ToTheByte) {
  EXPECT_EQ(told_of({70, 100, 30}).level, COLDLOAD_DIAGNOSIS_OK);
  const ToldFact full = told_of({71, 100, 30});
  EXPECT_EQ(full.level, COLDLOAD_DIAGNOSIS_ERROR);
  EXPECT_EQ(full.fact, "no room for the copy in /mnt/disk/copy: 100 B free");
  EXPECT_EQ(full.cause, "it takes 71 B and must leave a reserve of 30 B");
  EXPECT_EQ(told_of({101, 100, 0}).level, COLDLOAD_DIAGNOSIS_ERROR);
}

TEST(ShownBytes, HaveThreeFigures) {
  EXPECT_EQ(shown_bytes(999), "999 B");
  EXPECT_EQ(shown_bytes(4'200'000), "4.20 MB");
  EXPECT_EQ(shown_bytes(99'960'000), "100 MB");
  EXPECT_EQ(shown_bytes(999'500'000), "1.00 GB");
  EXPECT_EQ(shown_bytes(UINT64_MAX), "18.4 EB");
}

}  // namespace
}  // namespace coldload::staged
