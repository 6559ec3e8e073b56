// What only all runs of a document together show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/record/document.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::StartsWith;

ResultDocument three_cases() {
  ResultDocument document = empty_document();
  for (const char* strategy : {"sequential", "parallel", "mmap"})
    add_case(document, sample_case(strategy, "cold"), {1});
  return document;
}

RunRecord& verifying_run(ResultDocument& document, std::string_view strategy) {
  for (RunRecord& run : document.runs) {
    if (run.repetition == 0 && run.case_id.find(strategy) != std::string::npos) return run;
  }
  ADD_FAILURE() << strategy;
  return document.runs.front();
}

TEST(JudgeCases, LeavesCasesThatAgreeOk) {
  ResultDocument document = three_cases();
  EXPECT_EQ(judge_cases(document), 0U);
  for (const CaseRecord& record : document.cases) EXPECT_EQ(record.status, CaseStatus::ok);
}

TEST(JudgeCases, FailsTheCaseWhoseChecksumMostOthersDoNotShare) {
  ResultDocument document = three_cases();
  verifying_run(document, "parallel").objects.front().checksum = std::string(32, '0');
  EXPECT_EQ(judge_cases(document), 1U);
  EXPECT_EQ(document.cases[0].status, CaseStatus::ok);
  EXPECT_EQ(document.cases[1].status, CaseStatus::failed);
  EXPECT_EQ(document.cases[2].status, CaseStatus::ok);
  EXPECT_THAT(document.cases[1].reason,
              StartsWith("integrity: model.safetensors has checksum 00000000000000000000000000000000, the "
                         "other cases saw ffeeddcc"));
}

TEST(JudgeCases, BlamesNobodyWhereAsManySawEither) {
  ResultDocument document = three_cases();
  document.cases.pop_back();
  std::erase_if(document.runs,
                [&](const RunRecord& run) { return document.find_case(run.case_id) == nullptr; });
  ASSERT_EQ(document.cases.size(), 2U);
  verifying_run(document, "parallel").objects.front().checksum = std::string(32, '0');
  EXPECT_EQ(judge_cases(document), 2U);
  for (const CaseRecord& record : document.cases) {
    EXPECT_EQ(record.status, CaseStatus::failed);
    EXPECT_THAT(record.reason, testing::EndsWith("whose bytes are the model's is not known"));
  }
}

TEST(JudgeCases, FailsTheCaseEvenWhenItComesFirst) {
  ResultDocument document = three_cases();
  verifying_run(document, "sequential").objects.front().checksum = std::string(32, '0');
  EXPECT_EQ(judge_cases(document), 1U);
  EXPECT_EQ(document.cases[0].status, CaseStatus::failed);
}

TEST(JudgeCases, FailsNoSyntheticCaseForItsBytes) {
  ResultDocument document = three_cases();
  document.cases[2].synthetic = true;
  verifying_run(document, "mmap").objects.front().checksum = std::string(32, '0');
  EXPECT_EQ(judge_cases(document), 0U);
}

TEST(JudgeCases, TwiceIsAsOnce) {
  ResultDocument document = three_cases();
  verifying_run(document, "parallel").objects.front().checksum = std::string(32, '0');
  (void)judge_cases(document);
  const std::string once = json::dump(to_json(document));
  (void)judge_cases(document);
  EXPECT_EQ(json::dump(to_json(document)), once);
}

TEST(JudgeCases, TakesTheReasonOfTheRunThatFailed) {
  ResultDocument document = three_cases();
  document.runs.back().status = RunStatus::timed_out;
  document.runs.back().reason = "no end after 30.0 s";
  (void)judge_cases(document);
  EXPECT_EQ(document.cases[2].status, CaseStatus::failed);
  EXPECT_EQ(document.cases[2].reason, "timed_out: no end after 30.0 s");
}

TEST(JudgeCases, KeepsWhatThePlanSkipped) {
  ResultDocument document = three_cases();
  document.cases[1].status = CaseStatus::skipped;
  document.cases[1].reason = "warm is not direct";
  (void)judge_cases(document);
  EXPECT_EQ(document.cases[1].status, CaseStatus::skipped);
  EXPECT_EQ(document.cases[1].reason, "warm is not direct");
}

TEST(JudgeCases, CallsACaseThatWasOnlyCancelledNotMeasured) {
  ResultDocument document = three_cases();
  for (RunRecord& run : document.runs) run.status = RunStatus::cancelled;
  (void)judge_cases(document);
  for (const CaseRecord& record : document.cases) EXPECT_EQ(record.status, CaseStatus::not_measured);
}

TEST(ValidRuns, AreThoseThatWereProvedAndDoNotVerify) {
  ResultDocument document = empty_document();
  const CaseRecord record = sample_case("sequential", "cold");
  add_case(document, record, {1, 2, 3, 4});
  document.runs[2].proof.valid = false;
  document.runs[3].status = RunStatus::failed;
  const auto runs = valid_runs(document, record.id);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0]->repetition, 1U);
  EXPECT_EQ(runs[1]->repetition, 4U);
}

}  // namespace
}  // namespace coldload
