#include "core/report/csv_writer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/base/json.hpp"

namespace coldload {
namespace {

bool is_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  // Else from_chars would take a second sign, "inf" and "nan".
  if (text.empty() || !std::string_view(".0123456789").contains(text.front())) return false;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_formula(std::string_view text) {
  return !text.empty() && std::string_view("=+-@\t\r").contains(text.front()) && !is_number(text);
}

// More than RFC 4180 asks for: a semicolon or a tab separates cells where the reader's language says so, and
// what follows one would then begin a cell.
bool needs_quotes(std::string_view text) {
  return text.find_first_of(",\"\r\n;\t") != std::string_view::npos || text.starts_with(' ') ||
         text.ends_with(' ');
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char character : text) {
    if (character == '"') out += '"';
    out += character;
  }
  return out + '"';
}

}  // namespace

CsvWriter::CsvWriter(std::span<const std::string> columns) : column_count_(columns.size()) {
  for (const std::string& column : columns) text(column);
  end_row();
}

CsvWriter& CsvWriter::text(std::string_view value) {
  std::string content = json::utf8(value);
  if (is_formula(content)) content.insert(content.begin(), '\'');
  return cell(needs_quotes(content) ? quoted(content) : content);
}

CsvWriter& CsvWriter::integer(uint64_t value) {
  return cell(fmt::format("{}", value));
}

CsvWriter& CsvWriter::number(double value) {
  return std::isfinite(value) ? cell(fmt::format("{}", value)) : nothing();
}

CsvWriter& CsvWriter::number(double value, int decimals) {
  return std::isfinite(value) ? cell(fmt::format("{:.{}f}", value, decimals)) : nothing();
}

CsvWriter& CsvWriter::boolean(bool value) {
  return cell(value ? "true" : "false");
}

CsvWriter& CsvWriter::nothing() {
  return cell({});
}

CsvWriter& CsvWriter::cell(std::string_view raw) {
  if (cell_count_++ != 0) row_ += ',';
  row_ += raw;
  return *this;
}

void CsvWriter::end_row() {
  while (cell_count_ < column_count_) nothing();
  table_ += row_ + "\n";
  row_.clear();
  cell_count_ = 0;
}

}  // namespace coldload
