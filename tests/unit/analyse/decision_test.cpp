#include "core/analyse/decision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "core/analyse/advice.hpp"
#include "tests/support/layout_documents.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Expected {
  std::string name;
  Home home;
  HomeReason reason;
  bool prewarm;
};

class LayoutOf : public testing::TestWithParam<Expected> {};

TEST_P(LayoutOf, IsWhatItsNumbersSay) {
  const ResultDocument document = layout_document(GetParam().name);
  const auto analyses = analyse_cases(document);
  const Decision decision = decide(document, analyses);
  EXPECT_EQ(to_string(decision.home), to_string(GetParam().home));
  EXPECT_EQ(to_string(decision.reason), to_string(GetParam().reason));
  EXPECT_EQ(decision.prewarm, GetParam().prewarm);
}

INSTANTIATE_TEST_SUITE_P(
    Documents, LayoutOf,
    testing::Values(Expected{"nvme_wins", Home::staged, HomeReason::staging_pays, false},
                    Expected{"network_equal", Home::network, HomeReason::network_not_slower, false},
                    Expected{"staging_never_pays", Home::network, HomeReason::staging_never_pays, false},
                    Expected{"no_local_disk", Home::network, HomeReason::no_local_disk, false},
                    Expected{"larger_than_memory", Home::local_disk, HomeReason::disk_faster, false},
                    Expected{"nothing_provable", Home::undecided, HomeReason::nothing_proved, false},
                    Expected{"policy_missed", Home::staged, HomeReason::staging_pays, false},
                    Expected{"engine_dominates", Home::network, HomeReason::engine_start_dominates, false}),
    [](const auto& tested) { return tested.param.name; });

std::string answer_to(const ResultDocument& document) {
  const Report report = make_report(document, "run", "");
  std::string text;
  for (const Statement& statement : report.advice.answer) text += statement.text + "\n";
  return text;
}

TEST(Decision, EachOfTheEightDocumentsGetsItsOwnAnswer) {
  std::set<std::string> answers;
  for (const LayoutDocument& one : layout_documents()) answers.insert(answer_to(one.document));
  EXPECT_EQ(answers.size(), layout_documents().size());
}

TEST(Decision, FlipsWhenTwoCasesChangePlaces) {
  ResultDocument document = layout_document("larger_than_memory");
  EXPECT_THAT(answer_to(document), HasSubstr("Keep the weights on this node's local disk"));
  swap_times(document, "nvme/parallel/stream/cold", "share/parallel/stream/cold");
  EXPECT_THAT(answer_to(document), HasSubstr("Leave the weights on the network mount"));
}

TEST(Decision, OfStagingFlipsWhenTheCopyIsNoFasterThanTheNetwork) {
  ResultDocument document = layout_document("policy_missed");
  EXPECT_THAT(answer_to(document), HasSubstr("Copy the weights to this node's disk"));
  swap_times(document, "share-to-nvme/parallel/stream/cold", "share/parallel/stream/cold");
  EXPECT_THAT(answer_to(document), HasSubstr("Leave the weights"));
}

TEST(Decision, NeverRestsOnEmulatedRows) {
  for (const LayoutDocument& one : layout_documents()) {
    ResultDocument document = one.document;
    for (const char* backend : {"nvme", "share", "share-to-nvme"}) make_emulated(document, backend);
    const auto analyses = analyse_cases(document);
    const Decision decision = decide(document, analyses);
    EXPECT_EQ(decision.home, Home::undecided) << one.name;
    EXPECT_TRUE(decision.verdicts.empty()) << one.name;
    const Report report = make_report(document, "run", "");
    for (const Statement& statement : report.advice.recommendation) {
      EXPECT_THAT(statement.text, Not(HasSubstr("staging pays"))) << one.name;
      EXPECT_THAT(statement.text, Not(HasSubstr("stage always"))) << one.name;
    }
  }
}

TEST(Decision, WithAnEmulatedNetworkSaysNothingOfTheNetworkOrOfStaging) {
  ResultDocument document = layout_document("nvme_wins");
  make_emulated(document, "share");
  make_emulated(document, "share-to-nvme");
  const auto analyses = analyse_cases(document);
  const Decision decision = decide(document, analyses);
  EXPECT_EQ(decision.home, Home::local_disk);
  EXPECT_EQ(to_string(decision.reason), "disk only");
}

TEST(Decision, CountsRestartsUntilTheCopyIsEarnedBack) {
  const ResultDocument document = layout_document("nvme_wins");
  const auto analyses = analyse_cases(document);
  const Decision decision = decide(document, analyses);
  ASSERT_TRUE(decision.break_even);
  // A first start of 5 + 58 s against 60 s, then 55 s saved a restart.
  EXPECT_NEAR(decision.break_even->extra_first_s, 3, 0.2);
  EXPECT_NEAR(decision.break_even->saved_per_restart_s, 55, 0.5);
  EXPECT_NEAR(*decision.break_even->restarts, 3.0 / 55, 0.01);
  EXPECT_NEAR(*decision.break_even->days, 3.0 / 55 / 4, 0.01);
}

TEST(Decision, EarnsNothingBackWhereNoDifferenceIsShown) {
  ResultDocument document = layout_document("staging_never_pays");
  // The copy's median is below the network's, and the runs do not tell the two apart.
  std::map<std::string, size_t> count;
  for (RunRecord& run : document.runs) {
    const bool copy = run.case_id == "share-to-nvme/parallel/stream/cold";
    if (!copy && run.case_id != "share/parallel/stream/cold") continue;
    const double seconds = 60 + static_cast<double>(count[run.case_id]++ % 3) * 2 - (copy ? 0.1 : 0);
    run.cold_load_ns = static_cast<uint64_t>(seconds * 1e9);
  }
  const auto analyses = analyse_cases(document);
  const Decision decision = decide(document, analyses);
  ASSERT_TRUE(decision.break_even);
  EXPECT_FALSE(decision.break_even->restarts);
  EXPECT_GT(decision.break_even->saved_per_restart_s, 0);
  EXPECT_FALSE(decision.break_even->saving_shown);
  const Report report = make_report(document, "run", "");
  EXPECT_THAT(report.advice.recommendation[1].text, Not(HasSubstr("staging pays from restart")));
}

TEST(Decision, DoesNotStageWhatIsEarnedBackTooLate) {
  ResultDocument document = layout_document("policy_missed");
  // One restart in a hundred days.
  document.scenario["policy"].as_object()["restarts_per_day"] = 0.0001;
  const auto analyses = analyse_cases(document);
  EXPECT_EQ(to_string(decide(document, analyses).reason), "staging pays too late");
}

TEST(Decision, JudgesEachTierOnARestartAndOnAFirstStart) {
  const ResultDocument document = layout_document("nvme_wins");
  const auto analyses = analyse_cases(document);
  const Decision decision = decide(document, analyses);
  ASSERT_EQ(decision.verdicts.size(), 6U);
  EXPECT_EQ(decision.verdicts[0].tier, "user_facing");
  EXPECT_TRUE(decision.verdicts[0].met);
  EXPECT_TRUE(decision.verdicts[1].first_start);
  EXPECT_FALSE(decision.verdicts[1].met);
}

TEST(Decision, NamesTheCaseThatWouldMeetAMissedTier) {
  ResultDocument document = layout_document("engine_dominates");
  document.scenario["policy"].as_object()["user_facing_ns"] = uint64_t{100'000'000'000};
  const auto analyses = analyse_cases(document);
  const Decision decision = decide(document, analyses);
  ASSERT_FALSE(decision.verdicts.empty());
  EXPECT_FALSE(decision.verdicts[0].met);
  ASSERT_NE(decision.verdicts[0].would_meet, nullptr);
  EXPECT_EQ(decision.verdicts[0].would_meet->record->id, "nvme/parallel/stream/cold");
}

TEST(Decision, PrewarmsWhereAWarmCacheSavesMuchAndFits) {
  ResultDocument document = layout_document("larger_than_memory");
  CaseRecord warm = document.cases.front();
  warm.id = "nvme/parallel/stream/warm";
  warm.cache = "warm";
  add_case(document, warm, {1, 1.01, 1.02, 1.03, 1.01, 1});
  {
    const auto analyses = analyse_cases(document);
    EXPECT_FALSE(decide(document, analyses).prewarm) << "the model does not fit";
  }
  document.environment["memory"] = json::object{{"total_bytes", 64'000'000'000}};
  const auto analyses = analyse_cases(document);
  const Decision decision = decide(document, analyses);
  EXPECT_TRUE(decision.prewarm);
  EXPECT_NEAR(*decision.prewarm_saves_s, 4, 0.1);
}

TEST(Decision, TakesAnEnginesOwnStartFromAnExternalCase) {
  ResultDocument document = layout_document("larger_than_memory");
  CaseRecord vllm = document.cases.front();
  vllm.id = "nvme/vllm/stream/cold";
  vllm.strategy = "vllm";
  vllm.external = true;
  add_case(document, vllm, {50, 50, 50, 50});
  for (RunRecord& run : document.runs) {
    if (run.case_id == vllm.id) run.metrics.push_back({"command/weights_ns", "ns", 10e9});
  }
  const auto analyses = analyse_cases(document);
  const Decision decision = decide(document, analyses);
  ASSERT_TRUE(decision.engine_start.seconds);
  EXPECT_NEAR(*decision.engine_start.seconds, 40, 0.1);
  EXPECT_NEAR(*decision.engine_start.weights_share, 0.2, 0.01);
  EXPECT_EQ(decision.engine_start.basis, vllm.id);
  EXPECT_NE(decision.steady->record->id, vllm.id) << "an external case stands for no storage";
}

TEST(Decision, OfADocumentThatDoesNotSayWhatItsBackendsAreIsNone) {
  ResultDocument document = layout_document("nvme_wins");
  document.backends.clear();
  const auto analyses = analyse_cases(document);
  EXPECT_EQ(to_string(decide(document, analyses).reason), "storage unknown");
}

}  // namespace
}  // namespace coldload
