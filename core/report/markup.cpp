#include "core/report/markup.hpp"

#include <algorithm>
#include <array>

#include "core/report/html_text.hpp"

namespace coldload {
namespace {

// Where a line begins in the source, for those who read it; blanks there mean nothing.
constexpr std::array<std::string_view, 27> kOnALine = {
    "html", "head",  "body",    "meta",    "title",  "style",      "header",  "main",  "nav",
    "p",    "h1",    "h2",      "h3",      "ul",     "li",         "section", "table", "thead",
    "tr",   "tbody", "caption", "details", "figure", "figcaption", "footer",  "dl",    "div"};

}  // namespace

void Markup::begin(std::string_view element, Attributes attributes) {
  if (std::ranges::find(kOnALine, element) != kOnALine.end()) out_ += '\n';
  out_ += '<';
  out_ += element;
  for (const Attribute& attribute : attributes) {
    if (attribute.value.empty()) continue;
    out_ += ' ';
    out_ += attribute.name;
    out_ += "=\"";
    out_ += html_escaped(attribute.value);
    out_ += '"';
  }
}

void Markup::open(std::string_view element, Attributes attributes) {
  begin(element, attributes);
  out_ += '>';
  open_.push_back(element);
}

void Markup::close() {
  if (open_.empty()) return;
  out_ += "</";
  out_ += open_.back();
  out_ += '>';
  open_.pop_back();
}

void Markup::empty(std::string_view element, Attributes attributes) {
  begin(element, attributes);
  out_ += '>';
}

void Markup::shape(std::string_view element, Attributes attributes) {
  begin(element, attributes);
  out_ += "/>";
}

void Markup::element(std::string_view name, Attributes attributes, std::string_view text) {
  open(name, attributes);
  out_ += html_escaped(text);
  close();
}

void Markup::text(std::string_view text) {
  out_ += html_escaped(text);
}
void Markup::breakable(std::string_view text) {
  out_ += html_breakable(text);
}

}  // namespace coldload
