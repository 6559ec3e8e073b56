// Plain tables of the HTML report. On a narrow screen each row becomes a card, its cells named by the
// headings.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/report/markup.hpp"

namespace coldload {

struct HtmlColumn {
  std::string_view heading;
  bool number = false;  // aligned to the right, figures of one width
};

class HtmlTable {
 public:
  // The first column names its row. `columns` must outlive this.
  HtmlTable(Markup& out, std::span<const HtmlColumn> columns, std::string_view caption = "");
  ~HtmlTable();
  HtmlTable(const HtmlTable&) = delete;
  HtmlTable& operator=(const HtmlTable&) = delete;

  // `id` is a literal of this program, or "".
  void begin_row(std::string_view id = "", std::string_view row_class = "");
  void end_row() { out_.close(); }

  // The next cell of the row, to be filled by the caller and closed.
  void open_cell();
  void close_cell() { out_.close(); }
  void cell(std::string_view text);
  // Text that may break at any '/' and ','.
  void breakable_cell(std::string_view text);

 private:
  Markup& out_;
  std::span<const HtmlColumn> columns_;
  size_t next_ = 0;
};

}  // namespace coldload
