#include "plugins/s3/diagnosis.hpp"

#include <gtest/gtest.h>

#include "tests/support/told_facts.hpp"

namespace coldload::s3 {
namespace {

// 784111777 is "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110's example).
std::vector<ToldFact> told_at(std::time_t now) {
  ResponseHead head;
  head.headers["date"] = "Sun, 06 Nov 1994 08:49:37 GMT";
  return told([&](sdk::Diagnosis& out) { tell_clock(head, now, out); });
}

TEST(ClockFact, IsAnErrorFromWhereServersRefuseSignatures) {
  constexpr std::time_t kThen = 784'111'777;
  EXPECT_EQ(told_at(kThen)[0].fact, "clock: agrees with the server's");
  EXPECT_EQ(told_at(kThen + 60)[0].level, COLDLOAD_DIAGNOSIS_OK);
  EXPECT_EQ(told_at(kThen + 61)[0].level, COLDLOAD_DIAGNOSIS_WARNING);
  EXPECT_EQ(told_at(kThen - 899)[0].level, COLDLOAD_DIAGNOSIS_WARNING);
  const ToldFact late = told_at(kThen - 900)[0];
  EXPECT_EQ(late.level, COLDLOAD_DIAGNOSIS_ERROR);
  EXPECT_EQ(late.fact, "clock: 900 s behind the server's");
  EXPECT_FALSE(late.fix.empty());
}

TEST(ClockFact, IsNotToldOfAServerThatSaysNoTime) {
  EXPECT_TRUE(told([](sdk::Diagnosis& out) { tell_clock({}, 1, out); }).empty());
}

}  // namespace
}  // namespace coldload::s3
