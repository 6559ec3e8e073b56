#include "core/report/markdown.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace coldload {
namespace {

void add_row(std::string& out, const std::vector<std::string>& cells, size_t columns) {
  for (size_t i = 0; i < columns; ++i) {
    out += "| ";
    for (const char letter : i < cells.size() ? cells[i] : std::string()) {
      if (letter == '|') out += '\\';
      out += letter;
    }
    out += ' ';
  }
  out += "|\n";
}

}  // namespace

std::string markdown_text(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_[]<>#";
  std::string out;
  for (const char letter : printable(text)) {
    // Inside a word an underscore is none: file names stay readable.
    if (letter == '&') {
      out += "&amp;";
      continue;
    }
    if (kMarkup.contains(letter)) out += '\\';
    out += letter;
  }
  return out;
}

std::string markdown_code(std::string_view text) {
  const std::string line = printable(text);
  size_t longest = 0;
  size_t run = 0;
  for (const char letter : line) {
    run = letter == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  // A blank between, where the text itself begins or ends with a backtick, is taken away again by the reader.
  return longest == 0 ? fence + line + fence : fence + " " + line + " " + fence;
}

MarkdownTable& MarkdownTable::right(size_t column) {
  right_.push_back(column);
  return *this;
}

std::string MarkdownTable::text() const {
  std::string out;
  add_row(out, headings_, headings_.size());
  for (size_t i = 0; i < headings_.size(); ++i) {
    out += std::ranges::find(right_, i) == right_.end() ? "|---" : "|--:";
  }
  out += "|\n";
  for (const auto& row : rows_) add_row(out, row, headings_.size());
  return out;
}

}  // namespace coldload
