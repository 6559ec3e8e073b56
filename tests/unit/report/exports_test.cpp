// CSV, Markdown and Google Benchmark's JSON of one document, and documents of released schema versions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/record/journal.hpp"
#include "core/report/gbench.hpp"
#include "core/report/run_csv.hpp"
#include "core/report/run_list.hpp"
#include "core/report/table.hpp"
#include "core/report/table_markdown.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(RunCsv, HasARowForEachRun) {
  const ResultDocument document = sample_document();
  const std::vector<std::string> lines = lines_of(run_csv(document));
  ASSERT_EQ(lines.size(), 1 + document.runs.size());
  EXPECT_THAT(lines[0], StartsWith("scenario,case,backend,strategy,destination,cache,emulated,"));
  EXPECT_THAT(lines[0],
              HasSubstr(",phase.inspect_ns,phase.open_ns,phase.load_ns,metric.chunks,metric.first_byte_ns,"
                        "evidence.direct,evidence.threads,evidence.advice"));
  EXPECT_THAT(lines[2],
              StartsWith("sample,local/sequential/stream/cold,local,sequential,stream,cold,false,"));
  EXPECT_THAT(lines[2],
              HasSubstr(",2608000000,2610000000,2610000000,,1000000,1000000,2608000000,239,1250000,"));
}

TEST(RunCsv, QuotesAnIdWithAComma) {
  EXPECT_THAT(run_csv(sample_document()),
              HasSubstr("sample,\"local/parallel,threads=4/stream/cold\",local,"));
}

TEST(RunCsv, LeavesTheTimesOfARunThatFailedEmpty) {
  ResultDocument document = empty_document();
  const CaseRecord record = sample_case("a", "cold");
  document.cases.push_back(record);
  document.runs.push_back(sample_run(record, 1, 7.77));
  document.runs.back().status = RunStatus::crashed;
  document.runs.back().phases = {};
  const std::vector<std::string> lines = lines_of(run_csv(document));
  EXPECT_THAT(lines[1], Not(HasSubstr("77700")));
  EXPECT_THAT(lines[1], HasSubstr(",crashed,"));
}

TEST(RunCsv, RunsNoFormulaOfANameFromOutside) {
  ResultDocument document = sample_document();
  document.runs.front().reason = "=cmd|'/c calc'!A1";
  EXPECT_THAT(run_csv(document), HasSubstr(",'=cmd|'/c calc'!A1,"));
}

TEST(RunCsv, OfNoRunIsItsHeading) {
  EXPECT_EQ(lines_of(run_csv(empty_document())).size(), 1U);
}

TEST(TableMarkdown, HasARowForEachCaseAndSaysWhyOneHasNoFigures) {
  const std::vector<std::string> lines = lines_of(table_markdown(sample_document()));
  EXPECT_EQ(lines[0], "sample: 2.00 GB of weights");
  EXPECT_EQ(
      std::ranges::count_if(lines, [](const std::string& line) { return line.starts_with("| local/"); }), 9);
  EXPECT_THAT(
      table_markdown(sample_document()),
      HasSubstr("| local/mmap/stream/warm | – | – | – | – | – | – | – | failed: crashed: the worker died of "
                "signal 11 (SIGSEGV) in phase load |\n"));
  EXPECT_THAT(table_markdown(sample_document()), HasSubstr("- expectation kept: median \\< 3 s of "));
  EXPECT_THAT(lines.back(), StartsWith("cases: 6 ok, 1 skipped, 1 failed, 1 not measured; runs: 35 valid"));
}

TEST(TableMarkdown, SaysThatACaseIsEmulated) {
  ResultDocument document = empty_document();
  CaseRecord record = sample_case("a", "cold");
  record.emulated = true;
  add_case(document, record, {1, 1, 1, 1});
  EXPECT_THAT(table_markdown(document), HasSubstr("| emulated: stands in for storage that was not there |"));
}

const json::object& benchmark(const json::value& document, size_t index) {
  return document.at("benchmarks").at(index).as_object();
}

TEST(Gbench, HasEachRunThatCountsAndFourAggregates) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("a", "cold"), {2, 4, 6});
  document.runs.back().proof.valid = false;
  const json::value out = gbench_json(document);
  ASSERT_EQ(out.at("benchmarks").as_array().size(), 2 + 4U);
  EXPECT_EQ(benchmark(out, 0).at("name"), "local/a/stream/cold");
  EXPECT_EQ(benchmark(out, 0).at("run_type"), "iteration");
  EXPECT_EQ(benchmark(out, 0).at("repetitions"), 2);
  EXPECT_DOUBLE_EQ(benchmark(out, 1).at("real_time").as_double(), 4000);
  EXPECT_EQ(benchmark(out, 1).at("repetition_index"), 1);
  EXPECT_DOUBLE_EQ(benchmark(out, 1).at("bytes_per_second").as_double(), 0.5e9);
  EXPECT_EQ(benchmark(out, 3).at("name"), "local/a/stream/cold_median");
  EXPECT_EQ(benchmark(out, 3).at("aggregate_name"), "median");
  EXPECT_DOUBLE_EQ(benchmark(out, 3).at("real_time").as_double(), 3000);
  EXPECT_EQ(benchmark(out, 5).at("aggregate_unit"), "percentage");
  EXPECT_NEAR(benchmark(out, 4).at("real_time").as_double(), 1414.2135623, 1e-6);
}

TEST(Gbench, TakesTheWorkersProcessorTime) {
  ResultDocument document = empty_document();
  add_case(document, sample_case("a", "cold"), {2});
  document.runs.back().metrics = {{"cpu_user_ns", "ns", 3e6}, {"cpu_system_ns", "ns", 2e6}};
  EXPECT_DOUBLE_EQ(benchmark(gbench_json(document), 0).at("cpu_time").as_double(), 5);
}

TEST(Gbench, SaysWhatACaseIsNot) {
  ResultDocument document = empty_document();
  CaseRecord record = sample_case("a", "cold");
  record.emulated = record.synthetic = true;
  add_case(document, record, {2});
  EXPECT_EQ(benchmark(gbench_json(document), 0).at("label"), "emulated, synthetic");
}

TEST(Gbench, HasNoFigureOfACaseThatFailed) {
  ResultDocument document = sample_document();
  document.cases.front().status = CaseStatus::failed;
  EXPECT_THAT(json::dump(gbench_json(document)), Not(HasSubstr("local/sequential/stream/cold")));
}

TEST(RunList, IsTheOldestFirst) {
  ResultDocument later = sample_document();
  later.started_at = "2026-02-01T00:00:00Z";
  later.interrupted = true;
  ListedRun broken;
  broken.folder = "results/broken";
  broken.error = "results/broken/result.json: byte 1: incomplete JSON";
  EXPECT_EQ(
      run_list_text("results",
                    {listed_run("results/b", later), listed_run("results/a", sample_document()), broken}, 0),
      "started               scenario  cases ok  runs  folder\n"
      "                                                results/broken  not readable\n"
      "    results/broken/result.json: byte 1: incomplete JSON\n"
      "2026-01-02T03:04:05Z  sample      6 of 9    43  results/a\n"
      "2026-02-01T00:00:00Z  sample      6 of 9    43  results/b       interrupted\n");
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(COLDLOAD_SOURCE_DIR) + "/tests/golden/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The documents stay as they are, whatever the program becomes.
TEST(ReleasedDocuments, OfSchema1RenderAsTheyDid) {
  const auto full =
      read_document(std::string(COLDLOAD_SOURCE_DIR) + "/tests/golden/documents/schema1-full.json");
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(render_table(*full, {.width = 120, .color = false}), golden("table_120.txt"));
  const auto minimal =
      read_document(std::string(COLDLOAD_SOURCE_DIR) + "/tests/golden/documents/schema1-minimal.json");
  ASSERT_TRUE(minimal) << minimal.error().message;
  EXPECT_EQ(
      render_table(*minimal, {.width = 0, .color = false}),
      "minimal: 1.00 GB of weights; interrupted, what had finished is below\n"
      "                              valid  median  95 % interval        against       share of\n"
      "case                           runs       s              s  GB/s  the baseline  its ceiling  proof\n"
      "local/sequential/stream/cold    1/1    2.00              –  0.50  –             unknown      "
      "residency+bytes\n"
      "\n"
      "expectation broken: median < 3 s of local/mmap/*, not measured (no case of this run has such an id)\n"
      "cases: 1 ok, 0 skipped, 0 failed, 0 not measured; runs: 1 valid, 0 unprovable, 0 without proof, 0 "
      "disturbed\n");
}

}  // namespace
}  // namespace coldload
