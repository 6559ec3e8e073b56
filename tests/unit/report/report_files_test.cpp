#include "core/report/report_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/layout_documents.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string file_of(const ResultDocument& document, std::string_view name) {
  const auto files = render_report(make_report(document, "run", ""));
  if (!files) return "failed: " + files.error().message;
  for (const ReportFile& file : *files) {
    if (file.name == name) return file.content;
  }
  return {};
}

TEST(ReportFiles, HaveAScriptOfItsOwnForEachOfTheEightDocuments) {
  std::set<std::string> scripts;
  for (const LayoutDocument& one : layout_documents()) scripts.insert(file_of(one.document, "bootstrap.sh"));
  EXPECT_EQ(scripts.size(), layout_documents().size());
}

TEST(ReportFiles, StageInTheScriptWhereTheNoteDoes) {
  EXPECT_THAT(file_of(layout_document("nvme_wins"), "bootstrap.sh"),
              HasSubstr("/mnt/nvme/models/coldload-models"));
  for (const char* name : {"network_equal", "staging_never_pays", "no_local_disk", "larger_than_memory",
                           "nothing_provable", "engine_dominates"}) {
    EXPECT_THAT(file_of(layout_document(name), "bootstrap.sh"), Not(HasSubstr("coldload-models"))) << name;
  }
}

TEST(ReportFiles, HaveNoScriptWhereNoneIsPossible) {
  ResultDocument document = layout_document("no_local_disk");
  document.backends.front().storage = StorageKind::object_store;
  document.backends.front().location = "s3://models";
  EXPECT_EQ(file_of(document, "bootstrap.sh"), "");
  EXPECT_THAT(file_of(document, "storage_layout_notes.md"), HasSubstr("write no script"));
}

TEST(ReportFiles, SayTheSameSentencesInTheNoteAndOnThePage) {
  for (const LayoutDocument& one : layout_documents()) {
    const Report report = make_report(one.document, "run", "");
    const std::string page = file_of(one.document, "report.html");
    // What the page escapes is not looked for.
    for (const Statement& statement : report.advice.answer) {
      if (statement.text.find_first_of("'&<>\"") != std::string::npos) continue;
      EXPECT_THAT(page, HasSubstr(statement.text)) << one.name;
    }
  }
}

}  // namespace
}  // namespace coldload
