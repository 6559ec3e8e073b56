#include "core/report/html_table.hpp"

namespace coldload {

HtmlTable::HtmlTable(Markup& out, std::span<const HtmlColumn> columns, std::string_view caption)
    : out_(out), columns_(columns) {
  out_.open("div", {{"class", "wide"}});
  out_.open("table", {{"class", "cards"}});
  if (!caption.empty()) out_.element("caption", caption);
  out_.open("thead");
  out_.open("tr");
  for (const HtmlColumn& column : columns_) {
    out_.element("th", {{"scope", "col"}, {"class", column.number ? "number" : ""}}, column.heading);
  }
  out_.close();
  out_.close();
  out_.open("tbody");
}

HtmlTable::~HtmlTable() {
  for (int i = 0; i < 3; ++i) out_.close();
}

void HtmlTable::begin_row(std::string_view id, std::string_view row_class) {
  out_.open("tr", {{"id", id}, {"class", row_class}});
  next_ = 0;
}

void HtmlTable::open_cell() {
  const HtmlColumn& column = columns_[next_];
  if (next_ == 0) {
    out_.open("th", {{"scope", "row"}});
  } else {
    out_.open("td", {{"data-name", column.heading}, {"class", column.number ? "number" : ""}});
  }
  ++next_;
}

void HtmlTable::cell(std::string_view text) {
  open_cell();
  out_.text(text);
  close_cell();
}

void HtmlTable::breakable_cell(std::string_view text) {
  open_cell();
  out_.breakable(text);
  close_cell();
}

}  // namespace coldload
