#include "core/report/grid.hpp"

#include <gtest/gtest.h>

namespace coldload {
namespace {

Grid sample() {
  Grid grid;
  grid.columns = {{"", "case", false}, {"median", "s", true}, {"", "verdict", false}};
  grid.rows = {{{"local/a", "1.25", "faster"}, {}},
               {{"local/longer", "10.50", "–"}, {"a note of several words", "another"}}};
  return grid;
}

TEST(Grid, AlignsItsColumns) {
  EXPECT_EQ(grid_text(sample(), 0),
            "              median\n"
            "case               s  verdict\n"
            "local/a         1.25  faster\n"
            "local/longer   10.50  –\n"
            "    a note of several words\n"
            "    another\n");
}

TEST(Grid, PutsTheFirstCellAboveWhereTheRowIsTooWide) {
  EXPECT_EQ(grid_text(sample(), 28),
            "case\n"
            "    median\n"
            "         s  verdict\n"
            "local/a\n"
            "      1.25  faster\n"
            "local/longer\n"
            "     10.50  –\n"
            "    a note of several words\n"
            "    another\n");
}

TEST(Grid, BreaksNotesAtTheWidth) {
  Grid grid = sample();
  grid.rows[1].notes = {"a note of several words that is longer than the room there is"};
  EXPECT_EQ(grid_text(grid, 30).substr(grid_text(grid, 30).find("    a note")),
            "    a note of several words\n"
            "    that is longer than the\n"
            "    room there is\n");
}

TEST(Grid, OfMarkdownHasAColumnForNotesWhereThereAreAny) {
  EXPECT_EQ(grid_markdown(sample()),
            "| case | median s | verdict | note |\n"
            "|---|--:|---|---|\n"
            "| local/a | 1.25 | faster |  |\n"
            "| local/longer | 10.50 | – | a note of several words; another |\n");
  Grid grid = sample();
  grid.rows.pop_back();
  EXPECT_EQ(grid_markdown(grid),
            "| case | median s | verdict |\n"
            "|---|--:|---|\n"
            "| local/a | 1.25 | faster |\n");
}

}  // namespace
}  // namespace coldload
