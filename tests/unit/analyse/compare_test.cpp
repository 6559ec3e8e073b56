#include "core/analyse/compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/compared_documents.hpp"

namespace coldload {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> compared_ids(const DocumentComparison& comparison) {
  std::vector<std::string> ids;
  for (const ComparedCase& compared : comparison.compared) {
    ids.push_back(compared.base->record->id + " -> " + compared.fresh->record->id);
  }
  return ids;
}

// The reason why the only case of two documents is not compared.
std::string reason_of(const CaseRecord& base, const CaseRecord& fresh) {
  ResultDocument one = empty_document();
  ResultDocument other = empty_document();
  add_case(one, base, {1, 1, 1, 1});
  add_case(other, fresh, {1, 1, 1, 1});
  const DocumentComparison comparison = compare_documents(one, other);
  EXPECT_THAT(comparison.compared, IsEmpty());
  return comparison.not_comparable.size() == 1 ? comparison.not_comparable.front().reason : "compared";
}

TEST(Compare, PairsCasesOfTheSameIdAndNamesTheRest) {
  const ResultDocument base = compared_base();
  const ResultDocument fresh = compared_new();
  const DocumentComparison comparison = compare_documents(base, fresh);
  EXPECT_EQ(comparison.compared.size(), 4U);
  EXPECT_EQ(comparison.not_comparable.size(), 3U);
  EXPECT_THAT(comparison.only_in_base, ElementsAre("local/gone/stream/cold"));
  EXPECT_THAT(comparison.only_in_fresh, ElementsAre("local/fresh/stream/cold"));
}

TEST(Compare, SaysOfNewAgainstBaseWhichIsSlower) {
  const ResultDocument base = compared_base();
  const ResultDocument fresh = compared_new();
  const DocumentComparison comparison = compare_documents(base, fresh);
  EXPECT_EQ(comparison.compared[0].comparison.verdict, Verdict::no_difference_shown);
  EXPECT_EQ(comparison.compared[1].comparison.verdict, Verdict::slower);
  EXPECT_NEAR(comparison.compared[1].comparison.ratio, 2.62 / 2.12, 1e-9);
  EXPECT_EQ(comparison.compared[2].comparison.verdict, Verdict::faster);
  EXPECT_EQ(comparison.compared[3].comparison.verdict, Verdict::too_few_runs);
}

TEST(Compare, OfSwappedDocumentsSwapsTheVerdict) {
  const ResultDocument base = compared_base();
  const ResultDocument fresh = compared_new();
  const DocumentComparison comparison = compare_documents(fresh, base);
  EXPECT_EQ(comparison.compared[1].comparison.verdict, Verdict::faster);
  EXPECT_EQ(comparison.compared[2].comparison.verdict, Verdict::slower);
}

TEST(Compare, OfADocumentWithItselfShowsNoDifference) {
  const ResultDocument document = sample_document();
  const DocumentComparison comparison = compare_documents(document, document);
  EXPECT_EQ(comparison.compared.size(), 6U);
  for (const ComparedCase& compared : comparison.compared) {
    EXPECT_EQ(compared.comparison.verdict, Verdict::no_difference_shown) << compared.base->record->id;
  }
  EXPECT_THAT(comparison.environment, IsEmpty());
}

TEST(Compare, TakesAllComparedCasesForOneFamily) {
  ResultDocument base = empty_document();
  ResultDocument fresh = empty_document();
  // 4 against 4 runs reach p = 0.0286: enough alone, not among two.
  add_case(base, sample_case("a", "cold"), {1.00, 1.01, 1.02, 1.03});
  add_case(fresh, sample_case("a", "cold"), {2.00, 2.01, 2.02, 2.03});
  EXPECT_EQ(compare_documents(base, fresh).compared[0].comparison.verdict, Verdict::slower);
  add_case(base, sample_case("b", "cold"), {1.00, 1.01, 1.02, 1.03});
  add_case(fresh, sample_case("b", "cold"), {1.00, 1.01, 1.02, 1.03});
  EXPECT_EQ(compare_documents(base, fresh).compared[0].comparison.verdict, Verdict::no_difference_shown);
}

TEST(Compare, ComparesFirstStartsByFirstStart) {
  ResultDocument base = empty_document();
  ResultDocument fresh = empty_document();
  add_case(base, sample_case("a", "first-start"), {1, 1.01, 1.02, 1.03});
  add_case(fresh, sample_case("a", "first-start"), {1, 1.01, 1.02, 1.03});
  for (RunRecord& run : fresh.runs) run.first_start_ns *= 3;
  EXPECT_NEAR(compare_documents(base, fresh).compared[0].comparison.ratio, 3, 1e-9);
}

TEST(Compare, ComparesNothingThatIsNotLikeWithLike) {
  const CaseRecord plain = sample_case("a", "cold");
  CaseRecord other = plain;
  other.model_bytes = 5;
  EXPECT_EQ(reason_of(plain, other), "base loads 2.00 GB, new 5 B");
  other.model_bytes = plain.model_bytes + 1;
  EXPECT_EQ(reason_of(plain, other), "base loads 2000000000 bytes, new 2000000001");
  other = plain;
  other.emulated = true;
  EXPECT_EQ(reason_of(plain, other), "only new is emulated");
  EXPECT_EQ(reason_of(other, plain), "only base is emulated");
  other = plain;
  other.synthetic = true;
  EXPECT_EQ(reason_of(plain, other), "only new is synthetic");
  other = plain;
  other.external = true;
  EXPECT_EQ(reason_of(plain, other), "only new is external");
  other = plain;
  other.sampled = true;
  EXPECT_EQ(reason_of(plain, other), "only new is sampled");
  other = plain;
  other.options["strategy"] = json::object{{"mapped", {{"value", "touch"}, {"source", "scenario"}}}};
  EXPECT_EQ(reason_of(plain, other), "only new touches only, which is no load");
}

TEST(Compare, SaysWhyACaseWasNotMeasuredAndOnWhichSide) {
  const CaseRecord plain = sample_case("a", "cold");
  CaseRecord other = plain;
  other.status = CaseStatus::failed;
  other.reason = "crashed: it died";
  EXPECT_EQ(reason_of(plain, other), "failed in new: crashed: it died");
  EXPECT_EQ(reason_of(other, plain), "failed in base: crashed: it died");
  other.status = CaseStatus::not_measured;
  other.reason = "";
  EXPECT_EQ(reason_of(plain, other), "not measured in new");
}

TEST(Compare, SaysThatBothSidesAreEmulated) {
  CaseRecord shaped = sample_case("a", "cold");
  shaped.emulated = true;
  ResultDocument document = empty_document();
  add_case(document, shaped, {1, 1, 1, 1});
  const DocumentComparison comparison = compare_documents(document, document);
  EXPECT_THAT(comparison.compared[0].notes,
              ElementsAre("emulated: stands in for storage that was not there"));
}

TEST(Compare, NamesTheSideOfANoteThatOnlyOneHas) {
  const ResultDocument base = compared_base();
  const ResultDocument fresh = compared_new();
  const DocumentComparison comparison = compare_documents(base, fresh);
  EXPECT_THAT(comparison.compared[1].notes,
              ElementsAre("new: 1 run disturbed: caches were dropped during the run"));
}

TEST(Compare, SaysThatTheProofsDiffer) {
  ResultDocument base = empty_document();
  add_case(base, sample_case("a", "cold"), {1, 1, 1, 1});
  ResultDocument fresh = base;
  for (RunRecord& run : fresh.runs) run.proof.kind = ProofKind::bytes;
  EXPECT_THAT(compare_documents(base, fresh).compared[0].notes,
              ElementsAre("proof: residency+bytes in base, bytes in new"));
}

// What the scenario's own reading gives, for globs with one '*' at the end.
std::optional<std::vector<std::string>> beginning_matches(std::string_view glob, std::string_view id) {
  const std::string_view begin = glob.substr(0, glob.find('*'));
  if (glob == begin) return glob == id ? std::optional(std::vector<std::string>{}) : std::nullopt;
  if (!id.starts_with(begin)) return std::nullopt;
  return std::vector<std::string>{std::string(id.substr(begin.size()))};
}

ResultDocument two_backends() {
  ResultDocument document = empty_document();
  for (const char* id : {"a/x", "a/y", "a/only", "b/y", "b/x", "b/alone"}) {
    CaseRecord record = sample_case("s", "cold");
    record.id = id;
    add_case(document, record, {1, 1.01, 1.02, 1.03});
  }
  return document;
}

TEST(CompareCases, PairsThoseWhoseStarsStandForTheSame) {
  const ResultDocument document = two_backends();
  const auto comparison = compare_cases(document, {"a/*", "b/*"}, beginning_matches);
  ASSERT_TRUE(comparison) << comparison.error().message;
  EXPECT_THAT(compared_ids(*comparison), ElementsAre("a/x -> b/x", "a/y -> b/y"));
  EXPECT_THAT(comparison->only_in_base, ElementsAre("a/only"));
  EXPECT_THAT(comparison->only_in_fresh, ElementsAre("b/alone"));
  EXPECT_THAT(comparison->environment, IsEmpty());
}

TEST(CompareCases, PairsASingleCaseWithEachOfTheOtherSideAndNeverWithItself) {
  const ResultDocument document = two_backends();
  const auto comparison = compare_cases(document, {"a/x", "a/*"}, beginning_matches);
  ASSERT_TRUE(comparison) << comparison.error().message;
  EXPECT_THAT(compared_ids(*comparison), ElementsAre("a/x -> a/y", "a/x -> a/only"));
}

TEST(CompareCases, RefusesAGlobThatMeansNoCase) {
  const ResultDocument document = two_backends();
  const auto comparison = compare_cases(document, {"a/*", "c/*"}, beginning_matches);
  ASSERT_FALSE(comparison);
  EXPECT_EQ(comparison.error().message, "\"c/*\" means no case of this run; of its 6 cases the first is a/x");
}

TEST(CompareCases, RefusesGlobsWhoseCasesHaveNothingInCommon) {
  const ResultDocument document = two_backends();
  const auto comparison = compare_cases(document, {"a/x", "a/x"}, beginning_matches);
  ASSERT_FALSE(comparison);
  EXPECT_THAT(comparison.error().message, HasSubstr("no case of \"a/x\" has its like in \"a/x\""));
}

}  // namespace
}  // namespace coldload
