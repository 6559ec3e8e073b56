#include "core/record/run_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/sha256.hpp"
#include "core/record/journal.hpp"
#include "core/record/run_manifest.hpp"
#include "tests/support/sample_document.hpp"
#include "tests/unit/model/temporary_directory.hpp"

namespace coldload {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class RunFolder : public testing::Test {
 protected:
  RunFolder() {
    document_ = sample_document();
    ResultDocument header = document_;
    header.runs.clear();
    header.probes.clear();
    auto journal = Journal::create(folder(), header);
    EXPECT_TRUE(journal) << journal.error().message;
    for (const RunRecord& run : document_.runs) EXPECT_TRUE(journal->append(run));
    for (const ProbeRecord& probe : document_.probes) EXPECT_TRUE(journal->append(probe));
    EXPECT_TRUE(journal->finish(document_));
  }

  [[nodiscard]] std::vector<std::string> mistakes() const {
    const auto check = check_run_directory(folder());
    EXPECT_TRUE(check) << check.error().message;
    return check ? check->mistakes : std::vector<std::string>{"unreadable"};
  }
  [[nodiscard]] std::string content(const char* name) const {
    return read_small_file(folder() / name, limits::kMiB).value_or("");
  }
  void write(const char* name, std::string_view text) const {
    ASSERT_TRUE(write_file_atomically(folder() / name, text));
  }
  // Changes the text of a file in one place.
  void replace(const char* name, std::string_view from, std::string_view to) const {
    std::string text = content(name);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write(name, text.replace(at, from.size(), to));
  }
  [[nodiscard]] std::filesystem::path folder() const { return directory_.path() / "run"; }

 private:
  TemporaryDirectory directory_;
  ResultDocument document_;
};

TEST_F(RunFolder, ThatIsWholeHasNoMistakes) {
  const auto check = check_run_directory(folder());
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_TRUE(check->has_manifest);
  EXPECT_THAT(check->mistakes, IsEmpty());
  EXPECT_EQ(check->document.cases.size(), 9U);
}

TEST_F(RunFolder, HasAManifestThatSha256sumVerifies) {
  const std::string command =
      "cd '" + folder().string() + "' && sha256sum --strict -c manifest.sha256 >/dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
  replace("result.json", "\"interrupted\": false", "\"interrupted\": true");
  EXPECT_NE(std::system((command + " 2>&1").c_str()), 0);
}

TEST_F(RunFolder, NamesEachFileThatWasChanged) {
  for (const char* name : {"header.json", "runs.jsonl", "probes.jsonl", "result.json"}) {
    const std::string before = content(name);
    write(name, before + "\n");
    EXPECT_THAT(mistakes(),
                Contains(StartsWith((folder() / name).string() + ": changed since the run: its SHA-256")))
        << name;
    write(name, before);
  }
  EXPECT_THAT(mistakes(), IsEmpty());
}

TEST_F(RunFolder, NamesANumberThatWasImprovedByHand) {
  replace("result.json", "\"cold_load_ns\": 2610000000", "\"cold_load_ns\": 1610000000");
  EXPECT_THAT(mistakes(),
              ElementsAre((folder() / "runs.jsonl").string() + ": line 2 is not runs[1] of result.json",
                          HasSubstr("result.json: changed since the run")));
}

TEST_F(RunFolder, NamesAFileThatIsGone) {
  std::filesystem::remove(folder() / "probes.jsonl");
  EXPECT_THAT(mistakes(), Contains(StartsWith((folder() / "probes.jsonl").string() + ": No such file")));
}

TEST_F(RunFolder, MayHoldOtherFiles) {
  write("notes.md", "mine\n");
  EXPECT_THAT(mistakes(), IsEmpty());
}

TEST_F(RunFolder, OfAnOlderVersionIsStillChecked) {
  std::filesystem::remove(folder() / kRunManifestName);
  const auto check = check_run_directory(folder());
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_FALSE(check->has_manifest);
  EXPECT_THAT(check->mistakes, IsEmpty());
  write("runs.jsonl", "");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("runs.jsonl: 0 runs, result.json has 43")));
}

TEST_F(RunFolder, NamesStructureThatIsNotTheSchemas) {
  std::filesystem::remove(folder() / kRunManifestName);
  replace("result.json", "\"cache\": \"cold\"", "\"cache\": \"icy\"");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("result.json: cases[0].cache: \"icy\" is not one of")));
}

TEST_F(RunFolder, ThatWasKilledIsCheckedWithoutManifest) {
  std::filesystem::remove(folder() / "result.json");
  std::filesystem::remove(folder() / kRunManifestName);
  const auto check = check_run_directory(folder());
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_FALSE(check->document.finished);
  EXPECT_THAT(check->mistakes, IsEmpty());
}

TEST_F(RunFolder, WithAResultThatIsNoJsonIsRefusedByName) {
  write("result.json", "{\"schema_version\": 1, \"runs\": [NaN]}");
  const auto check = check_run_directory(folder());
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().status, Status::integrity);
  EXPECT_THAT(check.error().message, StartsWith((folder() / "result.json").string() + ": byte "));
}

TEST_F(RunFolder, FollowsNoNameOutOfTheFolder) {
  write("manifest.sha256", std::string(64, 'a') + "  ../secret\n");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("manifest.sha256:1: expected 64 hexadecimal digits")));
}

TEST_F(RunFolder, WithAManifestThatLeavesAFileOutSaysSo) {
  const std::string lines = content("manifest.sha256");
  write("manifest.sha256", lines.substr(0, lines.rfind('\n', lines.size() - 2) + 1));
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("manifest.sha256: does not name result.json")));
}

}  // namespace
}  // namespace coldload
