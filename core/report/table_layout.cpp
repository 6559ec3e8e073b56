#include "core/report/table_layout.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace coldload {
namespace {

size_t cell_width(const Row& row, size_t column, const Layout& layout) {
  if (column == kCase) return layout.case_above ? kIndent : columns_of(layout.full_ids ? row.id : row.name);
  if (column == kVerdict && layout.verdict_broken) {
    const BrokenVerdict broken = broken_verdict(row.cells[kVerdict]);
    return std::max(columns_of(broken.upper), columns_of(broken.lower));
  }
  return columns_of(row.cells[column]);
}

void measure(const TableContent& content, Layout& layout) {
  layout.row_width = 0;
  for (size_t column = 0; column < layout.columns_in_row; ++column) {
    const Heading& heading = content.headings[column];
    size_t width = std::max(columns_of(heading.upper), columns_of(heading.lower));
    for (const Row& row : content.rows) {
      // A row without figures starts its reason where its own name ends.
      if (row.instead.empty()) width = std::max(width, cell_width(row, column, layout));
    }
    layout.widths[column] = width;
    layout.row_width += width + (column == 0 ? 0 : kGap);
  }
}

size_t longest_notes(const TableContent& content) {
  size_t longest = 0;
  for (const Row& row : content.rows) {
    if (row.instead.empty()) longest = std::max(longest, columns_of(joined_notes(row)));
  }
  return longest;
}

// In the order they are tried: what reads best first.
std::vector<Layout> candidates() {
  std::vector<Layout> all;
  for (const bool full_ids : {true, false}) {
    all.push_back({.full_ids = full_ids});
    all.push_back({.full_ids = full_ids, .verdict_broken = true});
  }
  for (const size_t columns : {size_t{kProof}, size_t{kCeiling}}) {
    all.push_back({.full_ids = false, .columns_in_row = columns});
    all.push_back({.full_ids = false, .verdict_broken = true, .columns_in_row = columns});
  }
  all.push_back({.full_ids = false, .columns_in_row = kVerdict});
  all.push_back({.full_ids = false, .case_above = true, .verdict_broken = true, .columns_in_row = kCeiling});
  all.push_back({.full_ids = false, .case_above = true, .columns_in_row = kVerdict});
  return all;
}

}  // namespace

BrokenVerdict broken_verdict(std::string_view verdict) {
  const size_t at = verdict.find(" (");
  if (at == std::string_view::npos) return {verdict, {}};
  return {verdict.substr(0, at), verdict.substr(at + 1)};
}

std::string joined_notes(const Row& row) {
  std::string joined;
  for (const std::string& note : row.notes) joined += (joined.empty() ? "" : "; ") + note;
  return joined;
}

Layout layout_for(const TableContent& content, size_t width) {
  Layout layout;
  for (const Layout& candidate : candidates()) {
    layout = candidate;
    measure(content, layout);
    if (width == 0 || layout.row_width <= width) break;
  }
  const size_t notes = longest_notes(content);
  layout.notes_beside = notes != 0 && layout.columns_in_row == kColumnCount && !layout.verdict_broken &&
                        (width == 0 || layout.row_width + kGap + notes <= width);
  return layout;
}

}  // namespace coldload
