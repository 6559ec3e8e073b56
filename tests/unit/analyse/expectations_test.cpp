#include "core/analyse/expectations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

bool is_within(std::string_view part, std::string_view id) {
  return id.find(part) != std::string_view::npos;
}

// The sample's sequential cold case takes 2.62 s: 0.763 GB/s.
json::array judge(const ExpectationInput& expectation) {
  const ResultDocument document = sample_document();
  return evaluate_expectations(analyse_cases(document), {{expectation}}, is_within);
}

bool is_kept(std::string_view metric, bool less, double threshold) {
  const auto entries = judge({"sequential/stream/cold", std::string(metric), less, threshold, ""});
  return entries.size() == 1 && json::bool_or(entries[0].as_object(), "kept");
}

TEST(Expectations, HoldTheMedianInNanoseconds) {
  EXPECT_TRUE(is_kept("median", true, 3e9));
  EXPECT_FALSE(is_kept("median", true, 2e9));
  EXPECT_TRUE(is_kept("median", false, 2e9));
}

TEST(Expectations, HoldTheThroughputInBytesPerSecond) {
  EXPECT_TRUE(is_kept("throughput", false, 0.7e9));
  EXPECT_FALSE(is_kept("throughput", false, 0.8e9));
}

TEST(Expectations, AtTheThresholdItselfAreBroken) {
  EXPECT_FALSE(is_kept("median", true, 2.62e9));
  EXPECT_FALSE(is_kept("median", false, 2.62e9));
}

TEST(Expectations, JudgeEachCaseThatIsMeant) {
  const auto entries = judge({"/stream/warm", "median", true, 1e9, "< 1 s"});
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(json::text_or(entries[0].as_object(), "case"), "local/sequential/stream/warm");
}

TEST(Expectations, AreBrokenWithTheReasonWhereNothingWasMeasured) {
  const auto entries = judge({"local/mmap/stream/warm", "median", true, 1e9, "< 1 s"});
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_FALSE(entries[0].as_object().contains("measured"));
  EXPECT_THAT(
      expectation_in_words(entries[0].as_object()),
      EndsWith("not measured (failed: crashed: the worker died of signal 11 (SIGSEGV) in phase load)"));
}

TEST(Expectations, OfACaseThatTouchesOnlyHaveNoThroughput) {
  const auto entries = judge({"touch", "throughput", false, 1, "> 1 B/s"});
  EXPECT_THAT(expectation_in_words(entries[0].as_object()), HasSubstr("it touches only"));
  EXPECT_FALSE(json::bool_or(entries[0].as_object(), "kept", true));
}

TEST(Expectations, ThatMeanNoCaseAreBroken) {
  const auto entries = judge({"lake/*", "median", true, 1e9, "< 1 s"});
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(expectation_in_words(entries[0].as_object()),
            "expectation broken: median < 1 s of lake/*, not measured (no case of this run has such an id)");
}

TEST(Expectations, OfAnUnknownMetricAreBrokenAndNameTheKnownOnes) {
  const auto entries = judge({"sequential/stream/cold", "mean", true, 1e9, "< 1 s"});
  EXPECT_THAT(expectation_in_words(entries[0].as_object()),
              HasSubstr("no metric \"mean\"; known are median, throughput"));
}

TEST(Expectations, AreReadOutWithTheirUnits) {
  EXPECT_EQ(
      expectation_in_words(judge({"sequential/stream/cold", "median", true, 3e9, "< 3 s"})[0].as_object()),
      "expectation kept: median < 3 s of local/sequential/stream/cold, measured 2.62 s");
  EXPECT_THAT(expectation_in_words(
                  judge({"sequential/stream/cold", "throughput", false, 5e9, "> 5 GB/s"})[0].as_object()),
              EndsWith("measured 763 MB/s"));
}

}  // namespace
}  // namespace coldload
