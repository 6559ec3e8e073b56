#include "core/report/grid.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/text.hpp"
#include "core/report/markdown.hpp"

namespace coldload {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kIndent = 4;
constexpr size_t kParagraphColumnsMin = 24;

std::string_view without_end_blanks(std::string_view line) {
  const size_t last = line.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view() : line.substr(0, last + 1);
}

std::string heading_of(const Grid::Column& column) {
  return column.upper.empty() || column.lower.empty() ? column.upper + column.lower
                                                      : column.upper + " " + column.lower;
}

class GridWriter {
 public:
  GridWriter(const Grid& grid, size_t width) : grid_(grid), width_(width) {
    size_t row_width = 0;
    for (size_t column = 0; column < grid.columns.size(); ++column) {
      const Grid::Column& heading = grid.columns[column];
      size_t widest = std::max(columns_of(heading.upper), columns_of(heading.lower));
      for (const Grid::Row& row : grid.rows) widest = std::max(widest, columns_of(row.cells[column]));
      widths_.push_back(widest);
      row_width += widest + (column == 0 ? 0 : kGap);
    }
    first_above_ = width != 0 && row_width > width;
  }

  std::string write() {
    std::vector<std::string> upper;
    std::vector<std::string> lower;
    bool two_lines = false;
    for (const Grid::Column& column : grid_.columns) {
      upper.push_back(column.upper);
      lower.push_back(column.lower);
      two_lines = two_lines || !column.upper.empty();
    }
    if (first_above_) {
      out_ += heading_of(grid_.columns.front()) + "\n";
      upper.front().clear();
      lower.front().clear();
    }
    if (two_lines) add_cells(upper);
    add_cells(lower);
    for (const Grid::Row& row : grid_.rows) {
      add_cells(row.cells);
      for (const std::string& note : row.notes) add_note(note);
    }
    return std::move(out_);
  }

 private:
  void add_cells(const std::vector<std::string>& cells) {
    std::string line;
    if (first_above_) {
      if (!cells.front().empty()) out_ += cells.front() + "\n";
      line.append(kIndent, ' ');
    }
    for (size_t column = first_above_ ? 1 : 0; column < cells.size(); ++column) {
      const size_t taken = columns_of(cells[column]);
      const std::string padding(widths_[column] > taken ? widths_[column] - taken : 0, ' ');
      if (column > (first_above_ ? 1U : 0U)) line.append(kGap, ' ');
      line += grid_.columns[column].right ? padding + cells[column] : cells[column] + padding;
    }
    out_ += std::string(without_end_blanks(line)) + "\n";
  }

  void add_note(const std::string& note) {
    const size_t room = width_ == 0                               ? std::string::npos
                        : width_ > kIndent + kParagraphColumnsMin ? width_ - kIndent
                                                                  : kParagraphColumnsMin;
    for (const std::string& line : wrapped(note, room)) out_ += std::string(kIndent, ' ') + line + "\n";
  }

  const Grid& grid_;
  size_t width_;
  bool first_above_ = false;
  std::vector<size_t> widths_;
  std::string out_;
};

}  // namespace

std::string grid_text(const Grid& grid, size_t width) {
  return GridWriter(grid, width).write();
}

std::string grid_markdown(const Grid& grid) {
  const bool has_notes =
      std::ranges::any_of(grid.rows, [](const Grid::Row& row) { return !row.notes.empty(); });
  std::vector<std::string> headings;
  for (const Grid::Column& column : grid.columns) headings.push_back(markdown_text(heading_of(column)));
  if (has_notes) headings.emplace_back("note");
  MarkdownTable table(std::move(headings));
  for (size_t column = 0; column < grid.columns.size(); ++column) {
    if (grid.columns[column].right) table.right(column);
  }
  for (const Grid::Row& row : grid.rows) {
    std::vector<std::string> cells;
    for (const std::string& cell : row.cells) cells.push_back(markdown_text(cell));
    std::string notes;
    for (const std::string& note : row.notes) notes += (notes.empty() ? "" : "; ") + note;
    cells.push_back(markdown_text(notes));
    table.add(std::move(cells));
  }
  return table.text();
}

}  // namespace coldload
