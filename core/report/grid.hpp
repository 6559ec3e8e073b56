// A small table of text: lines for a terminal, or Markdown. The run's own table is core/report/table.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace coldload {

struct Grid {
  struct Column {
    std::string upper;  // heading, in two lines; the unit or the last word in the lower one
    std::string lower;
    bool right = false;  // figures are aligned to the right
  };
  struct Row {
    std::vector<std::string> cells;  // as many as there are columns
    std::vector<std::string> notes;  // a paragraph each, below the row
  };
  std::vector<Column> columns;
  std::vector<Row> rows;
};

// One line a row, columns aligned. Where a row would be wider than `width` (0: no limit), each row's first
// cell gets a line of its own and the others are indented below it; nothing is cut. Cells are printable
// already. Ends with a newline. [any-thread]
[[nodiscard]] std::string grid_text(const Grid& grid, size_t width);

// A table of GitHub's Markdown, cells escaped; notes in a last column of their own where any row has one.
// [any-thread]
[[nodiscard]] std::string grid_markdown(const Grid& grid);

}  // namespace coldload
