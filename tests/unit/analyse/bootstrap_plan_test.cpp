#include "core/analyse/bootstrap_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/analyse/advice.hpp"
#include "tests/support/layout_documents.hpp"

namespace coldload {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

json::object option(std::string_view written, std::string_view source) {
  return {{"value", written}, {"written", written}, {"source", source}};
}

// A copy from the share wins, and the share is a bucket.
ResultDocument staged_from_a_bucket() {
  ResultDocument document = layout_document("nvme_wins");
  for (BackendRecord& backend : document.backends) {
    if (backend.name == "share") backend.location = "s3://models";
  }
  for (CaseRecord& record : document.cases) {
    if (record.backend != "share") continue;
    record.options["backend"] = json::object{{"url", option("s3://models", "scenario")},
                                             {"endpoint", option("http://10.0.0.2:9000", "scenario")},
                                             {"anonymous", option("true", "scenario")},
                                             {"profile", option("bench", "scenario")},
                                             {"retries", option("4", "default")}};
  }
  return document;
}

BootstrapPlan plan_of(const ResultDocument& document) {
  return make_report(document, "run", "").bootstrap;
}

TEST(BootstrapPlan, AsksAServerAsTheScenarioDoes) {
  const BootstrapPlan plan = plan_of(staged_from_a_bucket());
  EXPECT_TRUE(plan.source_is_url);
  EXPECT_THAT(plan.source_options, ElementsAre("endpoint=http://10.0.0.2:9000", "anonymous=true"));
}

bool options_are_missed(const BootstrapPlan& plan) {
  return plan.source_options.empty() && std::ranges::any_of(plan.reasons, [](const Statement& reason) {
           return reason.text.starts_with("of backend share no case, or cases with different options");
         });
}

TEST(BootstrapPlan, LooksAtCasesThatCouldBeMadeOnly) {
  ResultDocument document = staged_from_a_bucket();
  CaseRecord failed = *std::ranges::find(document.cases, "share", &CaseRecord::backend);
  failed.id = "share/failed/stream/cold";
  failed.options["backend"] = json::object{};
  document.cases.insert(document.cases.begin(), failed);
  EXPECT_THAT(plan_of(document).source_options,
              ElementsAre("endpoint=http://10.0.0.2:9000", "anonymous=true"));
}

TEST(BootstrapPlan, SaysThatOptionsDiffer) {
  ResultDocument document = staged_from_a_bucket();
  CaseRecord other = *std::ranges::find(document.cases, "share", &CaseRecord::backend);
  other.id = "share/other/stream/cold";
  other.options["backend"].as_object()["endpoint"] = option("http://10.0.0.3:9000", "scenario");
  document.cases.push_back(other);
  EXPECT_TRUE(options_are_missed(plan_of(document)));
}

TEST(BootstrapPlan, SaysThatNoCaseReadsFromTheSource) {
  ResultDocument document = staged_from_a_bucket();
  // The network that was measured is another one than is copied from.
  document.backends.push_back(*document.backend("share"));
  document.backends.back().name = "other";
  for (CaseRecord& record : document.cases) {
    if (record.backend == "share") record.backend = "other";
  }
  EXPECT_TRUE(options_are_missed(plan_of(document)));
}

TEST(BootstrapPlan, TakesNoOptionsAlongOfADirectory) {
  EXPECT_THAT(plan_of(layout_document("nvme_wins")).source_options, IsEmpty());
}

}  // namespace
}  // namespace coldload
