// Which columns stand in the table's rows at a given width, and which move below.
#pragma once

#include <array>
#include <cstddef>

#include "core/report/table_rows.hpp"

namespace coldload {

// Between columns, and before a line that belongs to the row above it.
inline constexpr size_t kGap = 2;
inline constexpr size_t kIndent = 4;

struct Layout {
  bool full_ids = true;
  bool case_above = false;               // the name on a line of its own: ids too long for any row
  bool verdict_broken = false;           // "1.32× slower" over "(1.21 to 1.45)"
  bool notes_beside = false;             // in a column of their own
  size_t columns_in_row = kColumnCount;  // those after it stand in the line below
  std::array<size_t, kColumnCount> widths{};
  size_t row_width = 0;
};

// The layout that keeps most in the rows; `width` 0 has no limit.
[[nodiscard]] Layout layout_for(const TableContent& content, size_t width);

// "1.32× slower" and "(1.21 to 1.45)"; a verdict without a bracket is the first.
struct BrokenVerdict {
  std::string_view upper;
  std::string_view lower;
};
[[nodiscard]] BrokenVerdict broken_verdict(std::string_view verdict);

// All notes of a row in one line.
[[nodiscard]] std::string joined_notes(const Row& row);

}  // namespace coldload
