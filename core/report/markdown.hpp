// Markdown in which no text from outside becomes markup.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coldload {

// One line; what Markdown or HTML would read as markup is escaped.
[[nodiscard]] std::string markdown_text(std::string_view text);
// `text`, in as many backticks as it takes.
[[nodiscard]] std::string markdown_code(std::string_view text);

// A table. Cells are Markdown already; a '|' in them is escaped here.
class MarkdownTable {
 public:
  explicit MarkdownTable(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  // Columns that are numbers stand to the right.
  MarkdownTable& right(size_t column);
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // With a newline at its end.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> headings_;
  std::vector<size_t> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace coldload
