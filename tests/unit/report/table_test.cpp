#include "core/report/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/base/text.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string line_with(const std::string& table, std::string_view part) {
  for (const std::string& line : lines_of(table)) {
    if (line.find(part) != std::string::npos) return line;
  }
  return {};
}

class TableAtWidth : public testing::TestWithParam<unsigned> {};

TEST_P(TableAtWidth, IsTheGoldenOne) {
  expect_golden(render_table(sample_document(), {.width = GetParam(), .color = false}),
                "table_" + std::to_string(GetParam()) + ".txt");
}

TEST_P(TableAtWidth, NeverGoesPastTheWidth) {
  const std::string table = render_table(sample_document(), {.width = GetParam(), .color = false});
  for (const std::string& line : lines_of(table)) EXPECT_LE(columns_of(line), GetParam()) << line;
}

TEST_P(TableAtWidth, CutsNothing) {
  const std::string table = render_table(sample_document(), {.width = GetParam(), .color = false});
  EXPECT_THAT(table, Not(HasSubstr("…")));
  for (const char* word :
       {"SIGSEGV", "RLIMIT_MEMLOCK", "touches only: not a load", "4711", "2.1", "unknown"}) {
    EXPECT_THAT(table, HasSubstr(word));
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, TableAtWidth, testing::Values(60U, 80U, 120U, 200U));

TEST(Table, ColorsChangeNoColumn) {
  const ResultDocument document = sample_document();
  std::string colored = render_table(document, {.width = 120, .color = true});
  EXPECT_THAT(colored, HasSubstr("\x1b["));
  for (size_t at = 0; (at = colored.find("\x1b[", at)) != std::string::npos;) {
    colored.erase(at, colored.find('m', at) - at + 1);
  }
  EXPECT_EQ(colored, render_table(document, {.width = 120, .color = false}));
}

TEST(Table, LeavesOutNoLineWithoutALimit) {
  const std::string table = render_table(sample_document(), {.width = 0, .color = false});
  EXPECT_THAT(line_with(table, "local/mmap/stream/cold"), HasSubstr("mapped by process 4711"));
}

TEST(Table, SaysThatACaseIsEmulatedAtEveryWidth) {
  ResultDocument document = empty_document();
  CaseRecord record = sample_case("sequential", "cold");
  record.emulated = true;
  add_case(document, record, {1, 1, 1, 1});
  for (const unsigned width : {0U, 40U, 80U, 200U}) {
    EXPECT_THAT(render_table(document, {.width = width, .color = false}), HasSubstr("emulated"));
  }
}

TEST(Table, ShowsNoFigureOfACaseThatFailed) {
  ResultDocument document = empty_document();
  CaseRecord record = sample_case("sequential", "cold");
  record.status = CaseStatus::failed;
  record.reason = "integrity: a.safetensors has another checksum";
  add_case(document, record, {7.77, 7.77, 7.77, 7.77});
  const std::string table = render_table(document, {.width = 120, .color = false});
  EXPECT_THAT(table, Not(HasSubstr("7.77")));
  EXPECT_THAT(line_with(table, record.id),
              HasSubstr("failed: integrity: a.safetensors has another checksum"));
}

TEST(Table, LetsNoEscapeSequenceOfAReasonPass) {
  ResultDocument document = empty_document();
  CaseRecord record = sample_case("sequential", "cold");
  record.status = CaseStatus::failed;
  record.reason = "first\nsecond\x1b[2J\x07 third";
  document.cases.push_back(record);
  const std::string table = render_table(document, {.width = 120, .color = false});
  EXPECT_THAT(table, HasSubstr("failed: first second [2J third"));
}

TEST(Table, SaysThatEachCacheStateHasItsOwnBaseline) {
  const std::string table = render_table(sample_document(), {.width = 0, .color = false});
  EXPECT_THAT(table, HasSubstr("each case is compared with the baseline of its own cache state\n"));
  EXPECT_THAT(table, Not(HasSubstr("baseline: ")));
}

TEST(Table, NamesTheBaselineOfEachCaseWhereThatIsNotClear) {
  ResultDocument document = empty_document();
  for (const char* strategy : {"sequential", "mmap"}) {
    CaseRecord record = sample_case(strategy, "cold");
    record.baseline = record.id;
    add_case(document, record, {1, 1, 1, 1});
  }
  add_case(document, sample_case("io_uring", "cold"), {2, 2, 2, 2});
  EXPECT_THAT(line_with(render_table(document, {}), "local/io_uring/stream/cold"),
              HasSubstr("baseline: local/sequential/stream/cold"));
}

TEST(Table, OfOneBaselineNamesItOnlyInItsRow) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("sequential", "cold"), {1, 1, 1, 1});
  add_case(document, sample_case("mmap", "cold"), {2, 2, 2, 2});
  const std::string table = render_table(document, {});
  EXPECT_THAT(table, Not(HasSubstr("baseline: ")));
  EXPECT_THAT(table, Not(HasSubstr("each case is compared")));
}

TEST(Table, SaysThatItWasInterrupted) {
  ResultDocument document = sample_document();
  EXPECT_THAT(render_table(document, {}), Not(HasSubstr("interrupted")));
  document.finished = false;
  EXPECT_THAT(render_table(document, {}),
              HasSubstr("; not finished, what was recorded is below: there is no result.json: "));
  document.finished = true;
  document.interrupted = true;
  EXPECT_THAT(render_table(document, {}), HasSubstr("sample: 2.00 GB of weights; interrupted"));
}

TEST(Table, OfNoCaseIsItsLastLine) {
  const std::string table = render_table(empty_document(), {});
  EXPECT_THAT(table, HasSubstr("cases: 0 ok, 0 skipped, 0 failed, 0 not measured; runs: 0 valid"));
}

TEST(Table, CountsCasesAndRunsInItsLastLine) {
  EXPECT_EQ(
      lines_of(render_table(sample_document(), {})).back(),
      "cases: 6 ok, 1 skipped, 1 failed, 1 not measured; runs: 35 valid, 1 unprovable, 0 without proof, 1 "
      "disturbed");
}

}  // namespace
}  // namespace coldload
