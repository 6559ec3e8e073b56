// CSV that tools read and a spreadsheet shows without running any of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace coldload {

// A table with one heading row. Quoted by RFC 4180; rows end with a line feed alone, which spreadsheets take
// and the shell's tools need. Cells are given from left to right, then end_row(). [any-thread]
class CsvWriter {
 public:
  // Writes the heading row. There is at least one column.
  explicit CsvWriter(std::span<const std::string> columns);

  // Text from outside. What a spreadsheet would run as a formula (it begins with =, +, -, @, a tab or a
  // carriage return and is no number) gets an apostrophe before it. Bad UTF-8 becomes U+FFFD.
  CsvWriter& text(std::string_view value);
  CsvWriter& integer(uint64_t value);
  // As many figures as the number needs to be read back exactly; an empty cell where it is not finite.
  CsvWriter& number(double value);
  // With this many decimals.
  CsvWriter& number(double value, int decimals);
  CsvWriter& boolean(bool value);  // "true", "false"
  CsvWriter& nothing();

  // Cells that were not given are empty. Giving more than there are columns is the caller's mistake.
  void end_row();

  // The table so far, whole rows.
  [[nodiscard]] const std::string& table() const { return table_; }

 private:
  CsvWriter& cell(std::string_view raw);

  size_t column_count_;
  size_t cell_count_ = 0;
  std::string row_;
  std::string table_;
};

}  // namespace coldload
