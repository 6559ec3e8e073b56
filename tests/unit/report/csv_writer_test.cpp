#include "core/report/csv_writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace coldload {
namespace {

CsvWriter one_column() {
  return CsvWriter(std::vector<std::string>{"a"});
}

// The one cell of a row of text, as it is written.
std::string cell_of(std::string_view text) {
  CsvWriter csv = one_column();
  csv.text(text).end_row();
  const std::string table = csv.table();
  return table.substr(2, table.size() - 3);
}

TEST(Csv, HasAHeadingAndARowALine) {
  CsvWriter csv(std::vector<std::string>{"case", "load_s", "runs", "valid", "note"});
  csv.text("local/mmap/stream/cold").number(2.6, 3).integer(12).boolean(true).text("none");
  csv.end_row();
  csv.text("x").nothing().integer(std::numeric_limits<uint64_t>::max()).boolean(false);
  csv.end_row();
  EXPECT_EQ(csv.table(),
            "case,load_s,runs,valid,note\n"
            "local/mmap/stream/cold,2.600,12,true,none\n"
            "x,,18446744073709551615,false,\n");
}

TEST(Csv, QuotesWhatSeparatesCellsAndRows) {
  EXPECT_EQ(cell_of("a,b"), R"("a,b")");
  EXPECT_EQ(cell_of("threads=4;x"), R"("threads=4;x")");
  EXPECT_EQ(cell_of("a\tb"), "\"a\tb\"");
  EXPECT_EQ(cell_of("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(cell_of("two\r\nlines"), "\"two\r\nlines\"");
  EXPECT_EQ(cell_of(" kept "), "\" kept \"");
}

TEST(Csv, DoublesQuotes) {
  EXPECT_EQ(cell_of(R"(say "8 MiB")"), R"("say ""8 MiB""")");
  EXPECT_EQ(cell_of("\""), "\"\"\"\"");
}

TEST(Csv, RunsNoFormula) {
  EXPECT_EQ(cell_of("=1+1"), "'=1+1");
  EXPECT_EQ(cell_of("+cmd"), "'+cmd");
  EXPECT_EQ(cell_of("-cmd"), "'-cmd");
  EXPECT_EQ(cell_of("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(cell_of("\t=1"), "\"'\t=1\"");
  EXPECT_EQ(cell_of("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(cell_of("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
}

TEST(Csv, TakesNoPartOfANumberForOne) {
  for (const char* text : {"-1+cmd", "+1-1", "--1", "+-1", "-", "+", "-inf", "-nan", "-1e", "- 1"}) {
    EXPECT_EQ(cell_of(text).front(), '\'') << text;
  }
}

TEST(Csv, LeavesNumbersNumbers) {
  for (const char* text : {"-1", "+1", "-1.5", "-.5", "-1e-3", "0"}) EXPECT_EQ(cell_of(text), text);
}

TEST(Csv, LeavesOtherTextAlone) {
  for (const char* text : {"a=b", "local/parallel/stream/cold", "2026-01-02T03:04:05Z", "", "4 × 2 ms"}) {
    EXPECT_EQ(cell_of(text), text);
  }
}

TEST(Csv, MakesBadUtf8Visible) {
  EXPECT_EQ(cell_of("a\xFF"), "a\xEF\xBF\xBD");
}

TEST(Csv, GuardsItsHeadingsToo) {
  const CsvWriter csv(std::vector<std::string>{"=a", "b,c"});
  EXPECT_EQ(csv.table(), "'=a,\"b,c\"\n");
}

TEST(Csv, LeavesACellEmptyForWhatIsNoNumber) {
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    CsvWriter csv(std::vector<std::string>{"a", "b"});
    csv.number(value).number(value, 3).end_row();
    EXPECT_EQ(csv.table(), "a,b\n,\n");
  }
}

TEST(Csv, WritesNumbersThatReadBackExactly) {
  CsvWriter csv(std::vector<std::string>{"a", "b", "c"});
  csv.number(0.1).number(-2.5).number(1.0 / 3).end_row();
  EXPECT_EQ(csv.table(), "a,b,c\n0.1,-2.5,0.3333333333333333\n");
}

}  // namespace
}  // namespace coldload
