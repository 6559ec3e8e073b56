#include "core/report/layout_note.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/golden.hpp"
#include "tests/support/layout_documents.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

class NoteOf : public testing::TestWithParam<std::string> {};

TEST_P(NoteOf, IsTheGoldenOne) {
  const ResultDocument document = layout_document(GetParam());
  expect_golden(render_layout_note(make_report(document, "20260102T030405Z-client", "")),
                "note_" + GetParam() + ".md");
}

INSTANTIATE_TEST_SUITE_P(Documents, NoteOf,
                         testing::Values("nvme_wins", "network_equal", "staging_never_pays", "no_local_disk",
                                         "larger_than_memory", "nothing_provable", "policy_missed",
                                         "engine_dominates"),
                         [](const auto& tested) { return tested.param; });

TEST(Note, OfADocumentWithSomethingOfEverythingNamesEachCase) {
  const ResultDocument document = sample_document();
  const std::string note = render_layout_note(make_report(document, "run", ""));
  for (const CaseRecord& record : document.cases) EXPECT_THAT(note, HasSubstr(record.id));
}

TEST(Note, LetsNoTextFromOutsideBecomeMarkup) {
  ResultDocument document = layout_document("nvme_wins");
  document.scenario["model_path"] = "<script>alert(1)</script>[x](y)";
  document.cases.front().reason = "| a | b |\n# heading";
  document.cases.front().status = CaseStatus::failed;
  const std::string note = render_layout_note(make_report(document, "run", "<b>Client</b>"));
  EXPECT_THAT(note, Not(HasSubstr("<script>")));
  EXPECT_THAT(note, Not(HasSubstr("<b>")));
  EXPECT_THAT(note, Not(HasSubstr("\n# heading")));
  EXPECT_THAT(note, HasSubstr("\\[x\\](y)"));
}

}  // namespace
}  // namespace coldload
