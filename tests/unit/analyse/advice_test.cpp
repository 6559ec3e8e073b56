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
