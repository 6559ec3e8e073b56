#include "core/report/table_layout.hpp"

#include <gtest/gtest.h>

#include "core/report/cell_text.hpp"
#include "core/report/names.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

Layout layout_at(size_t width) {
  // Its intervals take a while.
  static const ResultDocument document = sample_document();
  static const TableContent content = table_content(document, analyse_cases(document));
  return layout_for(content, width);
}

TEST(TableLayout, KeepsFullIdsAndAllColumnsWhereThereIsRoom) {
  const Layout layout = layout_at(200);
  EXPECT_TRUE(layout.full_ids);
  EXPECT_EQ(layout.columns_in_row, kColumnCount);
  EXPECT_LE(layout.row_width, 200U);
}

TEST(TableLayout, MovesColumnsBelowOnlyWhenShortNamesAreNotEnough) {
  for (size_t width = 40; width <= 200; ++width) {
    const Layout layout = layout_at(width);
    if (layout.columns_in_row != kColumnCount) {
      EXPECT_FALSE(layout.full_ids) << width;
    }
  }
}

TEST(TableLayout, FitsFromSixtyColumnsOn) {
  for (size_t width = 60; width <= 200; ++width) EXPECT_LE(layout_at(width).row_width, width);
}

TEST(ShortNames, LeaveOutWhatAllCasesShare) {
  const std::vector<CaseRecord> cases = {sample_case("sequential", "cold"), sample_case("mmap", "warm")};
  const SharedParts shared = shared_parts(cases);
  EXPECT_EQ(short_name(cases[1], shared), "mmap/warm");
  EXPECT_EQ(shared.in_words(), "every case: local/<name>/stream/<cache>");
}

TEST(ShortNames, KeepTheBackendWhereTheyDiffer) {
  std::vector<CaseRecord> cases = {sample_case("sequential", "cold"), sample_case("mmap", "warm")};
  cases[1].backend = "lake";
  cases[1].id = "lake/mmap/stream/warm";
  EXPECT_EQ(short_name(cases[1], shared_parts(cases)), "lake/mmap/warm");
}

TEST(ShortNames, KeepTheValuesOfASweptBackend) {
  std::vector<CaseRecord> cases = {sample_case("sequential", "cold"), sample_case("mmap", "warm")};
  cases[1].id = "local,block=1 MiB/mmap/stream/warm";
  EXPECT_EQ(short_name(cases[1], shared_parts(cases)), "local,block=1 MiB/mmap/warm");
}

TEST(ShortNames, OfASingleCaseAreItsId) {
  const std::vector<CaseRecord> cases = {sample_case("sequential", "cold")};
  EXPECT_EQ(short_name(cases[0], shared_parts(cases)), cases[0].id);
}

CaseAnalysis with_median(const CaseRecord& record, double seconds) {
  CaseAnalysis analysis;
  analysis.record = &record;
  analysis.valid_count = 5;
  analysis.cold_load.median = seconds;
  return analysis;
}

TEST(TimeUnit, IsOneForAllCasesWithFiguresEnoughForTheShortest) {
  const CaseRecord record = sample_case("sequential", "cold");
  const auto cells = [&](double shortest, double longest) {
    const TimeUnit unit = time_unit_for({with_median(record, shortest), with_median(record, longest)});
    return unit(shortest) + " and " + unit(longest) + " " + std::string(unit.name);
  };
  EXPECT_EQ(cells(1.234, 12.345), "1.23 and 12.35 s");
  EXPECT_EQ(cells(0.0277, 2.61), "0.028 and 2.610 s");
  EXPECT_EQ(cells(0.0277, 0.231), "27.7 and 231.0 ms");
  EXPECT_EQ(cells(0.000012, 0.00025), "12.0 and 250.0 µs");
  EXPECT_EQ(cells(120, 3600), "120 and 3600 s");
}

}  // namespace
}  // namespace coldload
