#include "core/record/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/sample_document.hpp"
#include "tests/unit/model/temporary_directory.hpp"

namespace coldload {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const CaseRecord& only_case() {
  static const CaseRecord record = sample_case("sequential", "cold");
  return record;
}

ResultDocument header() {
  ResultDocument document = empty_document();
  document.cases.push_back(only_case());
  return document;
}

class JournalOf : public testing::Test {
 protected:
  // A journal of two runs and a probe, not finished.
  Journal unfinished() {
    auto journal = Journal::create(folder(), header());
    EXPECT_TRUE(journal) << journal.error().message;
    for (const uint32_t repetition : {0U, 1U}) {
      EXPECT_TRUE(journal->append(sample_run(only_case(), repetition, 1)));
    }
    EXPECT_TRUE(journal->append(ProbeRecord{"device/direct", "local", "first", 1e9, {}}));
    return std::move(*journal);
  }
  void append_raw(const char* file, std::string_view text) const {
    std::ofstream(folder() / file, std::ios::app | std::ios::binary) << text;
  }
  [[nodiscard]] std::filesystem::path folder() const { return directory_.path() / "deep" / "run"; }

 private:
  TemporaryDirectory directory_;
};

TEST_F(JournalOf, AnUnfinishedRunIsReadAsSuchWithAllThatHadFinished) {
  const Journal journal = unfinished();
  const auto document = read_run_directory(folder());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_FALSE(document->finished);
  EXPECT_FALSE(document->interrupted) << "nobody need have stopped it";
  EXPECT_EQ(ending_in_words(*document), "not finished");
  EXPECT_THAT(why_unfinished(*document), HasSubstr("there is no result.json: "));
  const auto again = document_from_json(to_json(*document));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->finished);
  EXPECT_EQ(document->runs.size(), 2U);
  EXPECT_EQ(document->probes.size(), 1U);
  // Judged: what had finished is as good as in a whole document.
  EXPECT_EQ(document->cases.front().status, CaseStatus::ok);
}

TEST(Unfinished, SaysHowManyExpectationsNobodyJudged) {
  ResultDocument document;
  EXPECT_EQ(why_unfinished(document), "");
  EXPECT_EQ(ending_in_words(document), "");
  document.finished = false;
  EXPECT_EQ(why_unfinished(document),
            "there is no result.json: the process was killed, could not write it or still runs");
  document.scenario["expectation_count"] = 1;
  EXPECT_THAT(why_unfinished(document), testing::EndsWith("; 1 expectation was not judged"));
  document.scenario["expectation_count"] = 3;
  EXPECT_THAT(why_unfinished(document), testing::EndsWith("; 3 expectations were not judged"));
}

TEST_F(JournalOf, ALineCutByAKillIsDropped) {
  const Journal journal = unfinished();
  append_raw("runs.jsonl", R"({"case":"local/sequential/stream/cold","repetition":2,"stat)");
  append_raw("probes.jsonl", "{");
  const auto document = read_run_directory(folder());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->runs.size(), 2U);
  EXPECT_EQ(document->probes.size(), 1U);
}

TEST_F(JournalOf, ABrokenLineInTheMiddleIsNamed) {
  const Journal journal = unfinished();
  append_raw("runs.jsonl", "{broken\n{}\n");
  const auto document = read_run_directory(folder());
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().status, Status::integrity);
  EXPECT_THAT(document.error().message, HasSubstr("runs.jsonl:3"));
}

TEST_F(JournalOf, ALineThatIsNoRunIsNamed) {
  const Journal journal = unfinished();
  append_raw("runs.jsonl", "{}\n");
  const auto document = read_run_directory(folder());
  ASSERT_FALSE(document);
  EXPECT_THAT(document.error().message, EndsWith("runs.jsonl:3: a run record without a known status"));
}

TEST_F(JournalOf, AFinishedRunIsItsResult) {
  const Journal journal = unfinished();
  const ResultDocument whole = sample_document();
  ASSERT_TRUE(journal.finish(whole));
  const auto document = read_run_directory(folder());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(json::dump(to_json(*document)), json::dump(to_json(whole)));
}

TEST_F(JournalOf, AKilledProcessKeepsWhatItHadAppended) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto journal = Journal::create(folder(), header());
    if (journal && journal->append(sample_run(only_case(), 1, 1))) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto document = read_run_directory(folder());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->runs.size(), 1U);
}

TEST_F(JournalOf, AFolderThatHoldsSomethingIsRefused) {
  {
    const Journal journal = unfinished();
  }
  const auto again = Journal::create(folder(), header());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().status, Status::invalid_option);
  EXPECT_THAT(again.error().message,
              EndsWith("is not empty; a run's folder holds one run, name another with --out"));
}

TEST_F(JournalOf, AnEmptyFolderIsTaken) {
  std::filesystem::create_directories(folder());
  EXPECT_TRUE(Journal::create(folder(), header()));
}

TEST_F(JournalOf, AFileInTheFoldersPlaceIsRefused) {
  std::filesystem::create_directories(folder().parent_path());
  std::ofstream(folder()) << "x";
  const auto journal = Journal::create(folder(), header());
  ASSERT_FALSE(journal);
  EXPECT_THAT(journal.error().message, EndsWith("exists and is no directory"));
}

TEST_F(JournalOf, AFolderWithoutARunIsNotOne) {
  std::filesystem::create_directories(folder());
  const auto document = read_run_directory(folder());
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().status, Status::not_found);
  EXPECT_THAT(document.error().message, EndsWith("not a run's folder"));
}

TEST_F(JournalOf, ARunIsReadFromItsFolderOrItsFile) {
  const Journal journal = unfinished();
  ASSERT_TRUE(journal.finish(sample_document()));
  for (const std::filesystem::path& path : {folder(), folder() / "result.json"}) {
    const auto document = read_run(path);
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_EQ(document->cases.size(), sample_document().cases.size());
  }
  const auto missing = read_run(folder() / "gone");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().status, Status::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("gone: No such file"));
}

}  // namespace
}  // namespace coldload
