#include "core/analyse/case_summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kBase[] = {1.00, 1.01, 1.02, 1.03, 1.04, 1.05};

std::vector<double> base(double factor = 1) {
  std::vector<double> seconds;
  for (const double second : kBase) seconds.push_back(second * factor);
  return seconds;
}

// One cold case that is its own baseline; `change` is applied to each of its runs.
CaseAnalysis only_case(const std::function<void(RunRecord&)>& change = [](RunRecord&) {}) {
  static ResultDocument document;
  document = empty_document();
  add_case(document, sample_case("sequential", "cold"), base());
  for (RunRecord& run : document.runs) change(run);
  return analyse_cases(document).front();
}

TEST(CaseSummary, IsOfValidRunsInSeconds) {
  const CaseAnalysis analysis = only_case([](RunRecord& run) {
    if (run.repetition == 6) run.proof.valid = false;
  });
  EXPECT_EQ(analysis.attempted_count, 6U);
  EXPECT_EQ(analysis.valid_count, 5U);
  EXPECT_EQ(analysis.unproved_count, 1U);
  EXPECT_DOUBLE_EQ(analysis.cold_load.median, 1.02);
  EXPECT_DOUBLE_EQ(analysis.bytes_per_second, 2e9 / 1.02);
}

TEST(CaseSummary, OfAFirstStartCountsTheStaging) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("sequential", "first-start"), base());
  for (RunRecord& run : document.runs) run.first_start_ns = run.cold_load_ns + 5'000'000'000;
  EXPECT_NEAR(analyse_cases(document).front().cold_load.median, 6.025, 1e-9);
}

TEST(CaseSummary, CountsNeitherSkippedNorCancelledRunsAsAttempted) {
  const CaseAnalysis analysis = only_case([](RunRecord& run) {
    if (run.repetition == 5) run.status = RunStatus::cancelled;
    if (run.repetition == 6) run.status = RunStatus::skipped;
  });
  EXPECT_EQ(analysis.attempted_count, 4U);
}

TEST(CaseSummary, TellsUnprovableRunsFromUnprovedOnes) {
  const CaseAnalysis analysis = only_case([](RunRecord& run) {
    run.proof.valid = false;
    run.proof.kind = run.repetition == 1 ? ProofKind::unprovable : ProofKind::warm;
    run.proof.reason = "only 12.0 % of the bytes were in the page cache";
  });
  EXPECT_EQ(analysis.unprovable_count, 1U);
  EXPECT_EQ(analysis.unproved_count, 5U);
  EXPECT_EQ(analysis.proof_label, "not proved");
  EXPECT_THAT(analysis.notes,
              ElementsAre("6 runs not counted: only 12.0 % of the bytes were in the page cache"));
}

TEST(CaseSummary, NamesEachKindOfProofOnce) {
  const CaseAnalysis analysis = only_case([](RunRecord& run) {
    if (run.repetition % 2 == 0) run.proof.kind = ProofKind::bytes;
  });
  EXPECT_EQ(analysis.proof_label, "residency+bytes, bytes");
}

TEST(CaseSummary, SaysWhyAProofIsOfBytesAlone) {
  const CaseAnalysis analysis = only_case([](RunRecord& run) {
    run.proof.kind = ProofKind::bytes;
    run.proof.reason = "the kernel tells residency only to a file's owner or writer";
  });
  EXPECT_THAT(analysis.notes,
              ElementsAre("proved by device bytes alone: the kernel tells residency only to a "
                          "file's owner or writer"));
}

TEST(CaseSummary, SaysThatOnlyTheVerifyingRunTookPlace) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("sequential", "cold"), {});
  EXPECT_THAT(analyse_cases(document).front().notes, ElementsAre("only the verifying run took place"));
}

TEST(CaseSummary, SaysThatFewerRunsTookPlaceThanWereAskedForAndWhy) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("sequential", "cold"), base());
  json::object& run = document.scenario["run"].as_object();
  run["repetitions_min"] = 40;
  EXPECT_THAT(analyse_cases(document).front().notes, IsEmpty());
  document.scenario["stopped"] = "the budget of 2.00 s is used up";
  EXPECT_THAT(analyse_cases(document).front().notes,
              ElementsAre("6 of 40 runs: the budget of 2.00 s is used up"));
  document.scenario.erase("stopped");
  run["until_ci"] = 0.001;
  EXPECT_THAT(analyse_cases(document).front().notes, ElementsAre("interval wider than the 0.1 % asked for"));
}

TEST(CaseSummary, SaysWhatStoppedACaseThatKeepsItsRuns) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("sequential", "cold"), {1, 2, 3});
  document.runs.back().status = RunStatus::skipped;
  document.runs.back().reason = "process 7 holds it open";
  judge_cases(document);
  const CaseAnalysis analysis = analyse_cases(document).front();
  EXPECT_EQ(analysis.valid_count, 2U);
  EXPECT_THAT(analysis.notes, ElementsAre("stopped after 2 valid runs: process 7 holds it open"));
}

TEST(CaseSummary, LabelsWhatTheFiguresAreNot) {
  ResultDocument document = empty_document();
  CaseRecord record = sample_case("sequential", "cold");
  record.emulated = record.synthetic = record.sampled = true;
  add_case(document, record, base());
  EXPECT_THAT(analyse_cases(document).front().notes,
              ElementsAre(HasSubstr("synthetic"), HasSubstr("emulated"),
                          "sampled: only 2.00 GB of the model in whole shards; not extrapolated"));
}

std::vector<CaseAnalysis> two_cases(const std::function<void(CaseRecord&)>& change, double factor = 2) {
  static ResultDocument document;
  document = empty_document();
  add_case(document, sample_case("sequential", "cold"), base());
  CaseRecord other = sample_case("mmap", "cold");
  change(other);
  add_case(document, other, base(factor));
  return analyse_cases(document);
}

TEST(Families, CompareTheOthersWithTheBaseline) {
  const auto analyses = two_cases([](CaseRecord&) {});
  EXPECT_TRUE(analyses[0].is_baseline);
  EXPECT_FALSE(analyses[0].against_baseline);
  ASSERT_TRUE(analyses[1].against_baseline);
  EXPECT_EQ(analyses[1].against_baseline->verdict, Verdict::slower);
  EXPECT_NEAR(analyses[1].against_baseline->ratio, 2, 1e-9);
}

TEST(Families, AreCorrectedForTheirSize) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("sequential", "cold"), base());
  for (const char* strategy : {"a", "b", "c"}) add_case(document, sample_case(strategy, "cold"), base(2));
  const auto analyses = analyse_cases(document);
  ASSERT_TRUE(analyses[1].against_baseline);
  EXPECT_GT(analyses[1].against_baseline->p_adjusted, 2 * analyses[1].against_baseline->p_value);
}

TEST(Families, WithDifferentBaselinesDoNotWeighOnEachOther) {
  ResultDocument document = empty_document();
  for (const char* cache : {"cold", "warm"}) {
    add_case(document, sample_case("sequential", cache), base());
    add_case(document, sample_case("mmap", cache), base(2));
  }
  for (const CaseAnalysis& analysis : analyse_cases(document)) {
    if (analysis.is_baseline) continue;
    EXPECT_EQ(analysis.against_baseline->p_adjusted, analysis.against_baseline->p_value);
  }
}

TEST(Families, LeaveOutCasesThatFailed) {
  const auto analyses = two_cases([](CaseRecord& record) {
    record.status = CaseStatus::failed;
    record.reason = "crashed";
  });
  EXPECT_FALSE(analyses[1].against_baseline);
}

TEST(Families, NeverRankTouchingAgainstCopying) {
  const auto touch = [](CaseRecord& record) {
    record.options["strategy"] = json::object{{"mapped", {{"value", "touch"}}}};
  };
  const auto analyses = two_cases(touch, 0.1);
  EXPECT_FALSE(analyses[1].against_baseline);
  EXPECT_TRUE(analyses[1].touches_only);
  EXPECT_EQ(analyses[1].bytes_per_second, 0);
  EXPECT_THAT(analyses[1].notes, ElementsAre("touches only: not a load"));
}

TEST(Families, NeverCompareDifferentAmounts) {
  const auto analyses = two_cases([](CaseRecord& record) { record.model_bytes = 1'000'000'000; });
  EXPECT_FALSE(analyses[1].against_baseline);
  EXPECT_THAT(analyses[1].notes, Contains("not compared: it loads 1.00 GB, the baseline 2.00 GB"));
}

TEST(Families, WithoutTheirBaselineInTheDocumentCompareNothing) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("mmap", "cold"), base());
  const auto analyses = analyse_cases(document);
  EXPECT_FALSE(analyses[0].against_baseline);
  EXPECT_FALSE(analyses[0].is_baseline);
  EXPECT_THAT(analyses[0].notes, IsEmpty());
}

TEST(Ceilings, AreSharedByTheCasesTheyBound) {
  ResultDocument document = empty_document();
  document.probes = {{"device/direct", "local", "first", 4e9, {}}};
  add_case(document, sample_case("sequential", "cold"), {1, 1, 1, 1});
  const auto analyses = analyse_cases(document);
  ASSERT_TRUE(analyses[0].ceiling);
  EXPECT_NEAR(analyses[0].ceiling->share, 0.5, 1e-9);
}

TEST(Analysis, OfTheSameDocumentIsTheSame) {
  const ResultDocument document = sample_document();
  const auto once = analyse_cases(document);
  const auto again = analyse_cases(document);
  for (size_t i = 0; i < once.size(); ++i) {
    EXPECT_EQ(once[i].cold_load.median_interval.low, again[i].cold_load.median_interval.low);
    EXPECT_EQ(once[i].cold_load.median_interval.high, again[i].cold_load.median_interval.high);
  }
}

TEST(Counts, AreOfCasesAndRuns) {
  const ResultDocument document = sample_document();
  const Counts counts = count_all(analyse_cases(document));
  EXPECT_EQ(counts.cases_ok, 6U);
  EXPECT_EQ(counts.cases_skipped, 1U);
  EXPECT_EQ(counts.cases_failed, 1U);
  EXPECT_EQ(counts.cases_not_measured, 1U);
  EXPECT_EQ(counts.runs_valid, 35U);
  EXPECT_EQ(counts.runs_unprovable, 1U);
  EXPECT_EQ(counts.runs_disturbed, 1U);
}

}  // namespace
}  // namespace coldload
