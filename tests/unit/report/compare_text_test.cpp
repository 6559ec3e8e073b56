#include "core/report/compare_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/text.hpp"
#include "tests/support/compared_documents.hpp"
#include "tests/support/golden.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

class CompareReport : public testing::Test {
 protected:
  CompareReport() {
    report_.base = {"results/monday", "", &base_};
    report_.fresh = {"results/tuesday", "", &fresh_};
    report_.comparison = &comparison_;
    for (const char* text : {"median > 10 %", "throughput < -30 %"}) {
      report_.thresholds.push_back(judge_threshold(*parse_compare_threshold(text), comparison_));
    }
  }

  ResultDocument base_ = compared_base();
  ResultDocument fresh_ = compared_new();
  DocumentComparison comparison_ = compare_documents(base_, fresh_);
  ComparisonReport report_;
};

TEST_F(CompareReport, IsTheGoldenText) {
  expect_golden(compare_text(report_, 0), "compare.txt");
  expect_golden(compare_text(report_, 80), "compare_80.txt");
}

TEST_F(CompareReport, IsTheGoldenMarkdown) {
  expect_golden(compare_markdown(report_), "compare.md");
}

TEST_F(CompareReport, HasEveryReasonAtEveryWidth) {
  for (const size_t width : {40U, 60U, 80U, 120U, 0U}) {
    std::string words = compare_text(report_, width);
    std::ranges::replace(words, '\n', ' ');
    const std::string text = printable(words);
    for (const char* said :
         {"failed in new: crashed:", "base loads 2.00 GB, new 1.00 GB", "only base is emulated",
          "local/gone/stream/cold", "local/fresh/stream/cold", "Linux 6.12.0 x86_64", "bbbbbbbbbbbb…"}) {
      EXPECT_THAT(text, HasSubstr(said)) << width;
    }
  }
}

TEST_F(CompareReport, SaysOnceWhatIsTrueOfEveryCase) {
  for (ComparedCase& compared : comparison_.compared)
    compared.notes.insert(compared.notes.begin(), "emulated: x");
  const std::string text = compare_text(report_, 0);
  EXPECT_THAT(text, HasSubstr("every case: emulated: x\n"));
  EXPECT_EQ(text.find("emulated: x"), text.rfind("emulated: x"));
  EXPECT_THAT(compare_markdown(report_), HasSubstr("every case: emulated: x\n"));
}

TEST_F(CompareReport, LetsNoEscapeSequencePass) {
  report_.base.where = "a\x1b[2J";
  fresh_.cases.front().id = "x\x1b[2Jy";
  base_.cases.front().id = "x\x1b[2Jy";
  const DocumentComparison comparison = compare_documents(base_, fresh_);
  report_.comparison = &comparison;
  report_.thresholds.clear();
  EXPECT_THAT(compare_text(report_, 0), Not(HasSubstr("\x1b")));
  EXPECT_THAT(compare_markdown(report_), Not(HasSubstr("\x1b")));
}

TEST_F(CompareReport, OfJsonLeavesOutWhatTooFewRunsDoNotGive) {
  const json::value document = compare_json(report_);
  const json::array& compared = document.at("compared").as_array();
  EXPECT_EQ(compared[1].at("verdict"), "slower");
  EXPECT_TRUE(compared[1].as_object().contains("ratio"));
  EXPECT_EQ(compared[3].at("verdict"), "too_few_runs");
  EXPECT_FALSE(compared[3].as_object().contains("ratio"));
  EXPECT_FALSE(compared[3].as_object().contains("p_value"));
  EXPECT_EQ(document.at("fail_if").at(0).at("broken").as_array().size(), 1U);
}

}  // namespace
}  // namespace coldload
