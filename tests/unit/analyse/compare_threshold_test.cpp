#include "core/analyse/compare_threshold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/compared_documents.hpp"

namespace coldload {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Metric = CompareThreshold::Metric;

std::string why_refused(std::string_view text) {
  const auto threshold = parse_compare_threshold(text);
  return threshold ? "accepted" : threshold.error().message;
}

class Threshold : public testing::Test {
 protected:
  // The ids of the cases that break it.
  std::vector<std::string> broken_by(std::string_view text) {
    const auto threshold = parse_compare_threshold(text);
    EXPECT_TRUE(threshold) << threshold.error().message;
    std::vector<std::string> ids;
    outcome_ = judge_threshold(*threshold, comparison_);
    for (const ComparedCase* compared : outcome_.broken) ids.push_back(compared->fresh->record->id);
    return ids;
  }

  ResultDocument base_ = compared_base();
  ResultDocument fresh_ = compared_new();
  // sequential +0.4 %, not shown; parallel +23.6 %; mmap -50 %; io_uring with too few runs.
  DocumentComparison comparison_ = compare_documents(base_, fresh_);
  ThresholdOutcome outcome_;
};

TEST_F(Threshold, ReadsMetricSignAndPercent) {
  auto threshold = parse_compare_threshold("median > 10 %");
  ASSERT_TRUE(threshold);
  EXPECT_EQ(threshold->metric, Metric::median);
  EXPECT_TRUE(threshold->above);
  EXPECT_DOUBLE_EQ(threshold->change, 0.1);
  EXPECT_EQ(threshold->written, "median > 10 %");
  threshold = parse_compare_threshold("  throughput<-2.5%");
  ASSERT_TRUE(threshold);
  EXPECT_EQ(threshold->metric, Metric::throughput);
  EXPECT_FALSE(threshold->above);
  EXPECT_DOUBLE_EQ(threshold->change, -0.025);
}

TEST_F(Threshold, IsBrokenByAShownChangeBeyondIt) {
  EXPECT_THAT(broken_by("median > 10 %"), ElementsAre("local/parallel,threads=4/stream/cold"));
  EXPECT_THAT(broken_by("median > 23 %"), ElementsAre("local/parallel,threads=4/stream/cold"));
  EXPECT_THAT(broken_by("median > 24 %"), IsEmpty());
  EXPECT_THAT(broken_by("median < -40 %"), ElementsAre("local/mmap/stream/cold"));
  EXPECT_THAT(broken_by("median < -51 %"), IsEmpty());
}

TEST_F(Threshold, OfThroughputTurnsTheRatioAround) {
  // 2.12 / 2.62 - 1 = -19.1 %.
  EXPECT_THAT(broken_by("throughput < -19 %"), ElementsAre("local/parallel,threads=4/stream/cold"));
  EXPECT_THAT(broken_by("throughput < -20 %"), IsEmpty());
  EXPECT_THAT(broken_by("throughput > 90 %"), ElementsAre("local/mmap/stream/cold"));
}

TEST_F(Threshold, IsNotBrokenByAChangeThatIsNotShown) {
  EXPECT_THAT(broken_by("median > 0 %"), ElementsAre("local/parallel,threads=4/stream/cold"));
}

TEST_F(Threshold, CountsWhatHadTooFewRuns) {
  EXPECT_THAT(broken_by("median > 10 %"), testing::SizeIs(1));
  EXPECT_EQ(outcome_.judged_count, 3U);
  EXPECT_EQ(outcome_.too_few_runs_count, 1U);
}

TEST(ThresholdGrammar, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(why_refused("median 10 %"), HasSubstr("has neither < nor >; write it as 'median > 10 %'"));
  EXPECT_THAT(why_refused("mean > 10 %"), HasSubstr("\"mean > 10 %\": no metric \"mean\""));
  EXPECT_THAT(why_refused("> 10 %"), HasSubstr("no metric \"\""));
  EXPECT_THAT(why_refused("median > 10"), HasSubstr("has no percentage"));
  EXPECT_THAT(why_refused("median >> 10 %"), HasSubstr("has no percentage"));
  EXPECT_THAT(why_refused("median >= 10 %"), HasSubstr("has no percentage"));
  EXPECT_THAT(why_refused("median > 5 s"), HasSubstr("has no percentage"));
  EXPECT_THAT(why_refused("median > --5 %"), HasSubstr("has no percentage"));
  EXPECT_THAT(why_refused(""), HasSubstr("has neither"));
}

TEST(ThresholdGrammar, RefusesASignThatNoChangeAtAllWouldBreak) {
  EXPECT_THAT(why_refused("median > -10 %"), HasSubstr("a case that does not change at all would break it"));
  EXPECT_THAT(why_refused("throughput < 10 %"), HasSubstr("'throughput < -10 %' (it loads less per second)"));
}

}  // namespace
}  // namespace coldload
