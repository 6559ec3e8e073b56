#include "core/analyse/advice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/layout_documents.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;

std::vector<Statement> all_statements(const Report& report) {
  std::vector<Statement> all;
  const Advice& advice = report.advice;
  for (const auto* list :
       {&advice.answer, &advice.recommendation, &advice.bootstrap, &advice.takeaways, &advice.reservations}) {
    all.insert(all.end(), list->begin(), list->end());
  }
  for (const Finding& finding : report.findings) all.push_back(finding.what);
  return all;
}

// A case's id, or a path of names that leads somewhere in the document.
bool is_in(const ResultDocument& document, const std::string& basis) {
  if (document.find_case(basis) != nullptr) return true;
  const json::value whole = to_json(document);
  const json::value* at = &whole;
  size_t begin = 0;
  while (begin <= basis.size()) {
    const size_t end = std::min(basis.find('.', begin), basis.size());
    const json::object* object = at->if_object();
    at = object == nullptr ? nullptr : object->if_contains(basis.substr(begin, end - begin));
    if (at == nullptr) return false;
    begin = end + 1;
  }
  return true;
}

std::vector<LayoutDocument> documents() {
  std::vector<LayoutDocument> all = layout_documents();
  all.push_back({"sample", sample_document()});
  all.push_back({"empty", empty_document()});
  return all;
}

TEST(Advice, RestsWithEverySentenceOnSomethingInTheDocument) {
  for (const LayoutDocument& one : documents()) {
    const Report report = make_report(one.document, "run", "");
    for (const Statement& statement : all_statements(report)) {
      EXPECT_FALSE(statement.basis.empty()) << one.name << ": " << statement.text;
      for (const std::string& basis : statement.basis) {
        EXPECT_TRUE(is_in(one.document, basis)) << one.name << ": " << statement.text << ": " << basis;
      }
    }
  }
}

TEST(Advice, AnswersInAtMostTwoSentencesAndRecommendsInFourToSix) {
  for (const LayoutDocument& one : documents()) {
    const Advice advice = make_report(one.document, "run", "").advice;
    EXPECT_GE(advice.answer.size(), 1U) << one.name;
    EXPECT_LE(advice.answer.size(), 2U) << one.name;
    EXPECT_GE(advice.recommendation.size(), 4U) << one.name;
    EXPECT_LE(advice.recommendation.size(), 6U) << one.name;
    EXPECT_EQ(advice.takeaways.size(), 3U) << one.name;
  }
}

TEST(Advice, SaysWeightsOnlyWhereNoEngineStartIsKnown) {
  const Advice advice = make_report(layout_document("nvme_wins"), "run", "").advice;
  EXPECT_THAT(advice.recommendation[2].text, HasSubstr("weights only"));
  const Advice engine = make_report(layout_document("engine_dominates"), "run", "").advice;
  EXPECT_THAT(engine.recommendation[2].text, HasSubstr("the engine's own start of 90.0 s is counted in"));
}

TEST(Advice, SaysOfAMissedTierThatNothingMeasuredWouldMeetIt) {
  const Advice advice = make_report(layout_document("policy_missed"), "run", "").advice;
  EXPECT_THAT(advice.recommendation[2].text, HasSubstr("misses it"));
  EXPECT_THAT(advice.recommendation[2].text, HasSubstr("no measured cold case would meet it"));
}

TEST(Advice, PlansTheBootstrapThatItsProseDescribes) {
  const Report report = make_report(layout_document("nvme_wins"), "run", "");
  EXPECT_EQ(report.bootstrap.source, "/mnt/share/qwen2.5-7b");
  EXPECT_EQ(report.bootstrap.target_root, "/mnt/nvme/models/coldload-models");
  EXPECT_EQ(report.bootstrap.model_name, "qwen2.5-7b");
  ASSERT_EQ(report.bootstrap.mounts.size(), 1U) << "a restart does not depend on the network";
  EXPECT_EQ(report.bootstrap.mounts[0].type, "ext4");
  EXPECT_NEAR(static_cast<double>(report.bootstrap.copy_ns), 58e9, 1e9);
  std::string prose;
  for (const Statement& statement : report.advice.bootstrap) prose += statement.text + "\n";
  for (const std::string& value : {report.bootstrap.source, report.bootstrap.target_root}) {
    EXPECT_THAT(prose, HasSubstr(value));
  }
}

TEST(Advice, GivesTheEngineTheFlagsOfItsFastestMeasuredLoader) {
  ResultDocument document = layout_document("no_local_disk");
  const Report report = make_report(document, "run", "");
  EXPECT_THAT(report.bootstrap.engine_flags,
              testing::ElementsAre("--load-format", "safetensors", "--safetensors-load-strategy", "lazy"));
  document.scenario["service"].as_object()["argv"] = {"python3", "serve.py"};
  EXPECT_TRUE(make_report(document, "run", "").bootstrap.engine_flags.empty());
}

// Disk and share cold and warm, with these times of a run each.
ResultDocument measured(const std::vector<double>& disk, const std::vector<double>& share,
                        const std::vector<double>& warm) {
  ResultDocument document = layout_document("larger_than_memory");
  document.cases.clear();
  document.runs.clear();
  const auto add = [&](const std::string& backend, const std::string& cache,
                       const std::vector<double>& seconds) {
    CaseRecord record = sample_case("parallel", cache);
    record.id = backend + "/parallel/stream/" + cache;
    record.backend = backend;
    add_case(document, record, seconds);
  };
  add("nvme", "cold", disk);
  add("nvme", "warm", warm);
  add("share", "cold", share);
  return document;
}

TEST(Takeaways, GiveAFactorOnlyWhereADifferenceWasShown) {
  // Medians are 1.5 apart, the runs are not.
  const std::vector<double> two_groups = {1.0, 1.0, 1.5, 1.6, 1.6};
  const std::vector<double> also = {1.0, 1.0, 1.0, 1.6, 1.6};
  auto takeaways = make_report(measured(two_groups, also, also), "run", "").advice.takeaways;
  EXPECT_THAT(takeaways[0].text, HasSubstr("ade no difference that these runs show"));
  EXPECT_THAT(takeaways[0].text, testing::Not(HasSubstr("×")));
  EXPECT_THAT(takeaways[1].text, HasSubstr("was not shown to be quicker than a cold one"));
  const std::vector<double> quick = {0.5, 0.51, 0.52, 0.53, 0.54};
  const std::vector<double> slow = {2.0, 2.01, 2.02, 2.03, 2.04};
  takeaways = make_report(measured(quick, slow, quick), "run", "").advice.takeaways;
  EXPECT_THAT(takeaways[0].text, HasSubstr("changes a cold load by up to 3.88× (2.02 s against 520 ms)"));
}

TEST(Advice, SaysBesideTheRecommendedMedianThatItStandsForNeitherGroup) {
  const std::vector<double> slow = {9.0, 9.01, 9.02, 9.03, 9.04, 9.05};
  const std::vector<double> groups = {1.0, 1.01, 1.02, 1.5, 1.51, 1.52};
  const auto grouped = make_report(measured(groups, slow, slow), "run", "").advice.recommendation;
  EXPECT_THAT(grouped[0].text, HasSubstr("two groups, and the median stands for neither"));
  const std::vector<double> one = {1.0, 1.01, 1.02, 1.03, 1.04, 1.05};
  const auto plain = make_report(measured(one, slow, slow), "run", "").advice.recommendation;
  EXPECT_THAT(plain[0].text, testing::Not(HasSubstr("two groups")));
}

TEST(Advice, NamesWhyAStagedBackendGaveNoFigure) {
  ResultDocument document = layout_document("nvme_wins");
  std::erase_if(document.runs,
                [](const RunRecord& run) { return run.case_id.starts_with("share-to-nvme/"); });
  for (CaseRecord& record : document.cases) {
    if (record.backend != "share-to-nvme") continue;
    record.status = CaseStatus::failed;
    record.reason = "the copy does not fit";
  }
  const Statement when = make_report(document, "run", "").advice.recommendation[1];
  EXPECT_THAT(when.text, testing::AllOf(HasSubstr("not measured"), HasSubstr("the copy does not fit")));
  EXPECT_THAT(when.text, testing::Not(HasSubstr("no staged backend")));
  for (const std::string& id : when.basis) EXPECT_THAT(id, testing::StartsWith("share-to-nvme/"));
}

TEST(Advice, RestsOnNothingThatMaxBandwidthHeldBack) {
  ResultDocument document =
      measured({2.0, 2.01, 2.02, 2.03}, {2.0, 2.01, 2.02, 2.03}, {2.0, 2.01, 2.02, 2.03});
  document.scenario["run"].as_object()["max_bandwidth"] = 1'000'000'000;  // 2 GB in 2 s
  const Report report = make_report(document, "run", "");
  EXPECT_EQ(to_string(report.decision.home), "undecided");
  EXPECT_EQ(to_string(report.decision.reason), "held back");
  EXPECT_THAT(report.cases[0].notes, testing::Contains(HasSubstr("held back by max_bandwidth, 1.00 GB/s")));
  EXPECT_THAT(report.findings.front().what.text, HasSubstr("bound by [run] max_bandwidth"));
  EXPECT_THAT(report.advice.takeaways[0].text, HasSubstr("max_bandwidth held them back"));
  // Twice that would not have bound it.
  document.scenario["run"].as_object()["max_bandwidth"] = 2'000'000'000;
  EXPECT_NE(to_string(make_report(document, "run", "").decision.reason), "held back");
}

TEST(Advice, ChangesNoSettingWhereNothingIsDecided) {
  const Report undecided = make_report(layout_document("nothing_provable"), "run", "");
  EXPECT_EQ(undecided.decision.home, Home::undecided);
  EXPECT_FALSE(undecided.bootstrap.read_ahead_bytes);
  EXPECT_TRUE(make_report(layout_document("nvme_wins"), "run", "").bootstrap.read_ahead_bytes);
}

TEST(Advice, PlansNoScriptForWhatNoDirectoryLeadsTo) {
  ResultDocument document = layout_document("no_local_disk");
  document.backends.front().storage = StorageKind::object_store;
  document.backends.front().location = "s3://models";
  const Report report = make_report(document, "run", "");
  EXPECT_THAT(report.bootstrap.not_possible, HasSubstr("s3://models"));
  EXPECT_THAT(report.advice.bootstrap.front().text, HasSubstr("write no script"));
}

}  // namespace
}  // namespace coldload
