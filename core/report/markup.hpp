// Writes elements, of HTML and of SVG within it, so that nothing from outside gets past the escaping.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace coldload {

class Markup {
 public:
  struct Attribute {
    std::string_view name;
    std::string_view value;  // "": the attribute is left out
  };
  using Attributes = std::initializer_list<Attribute>;

  // Names of elements and attributes are literals of this program; values and text are escaped.
  void open(std::string_view element, Attributes attributes = {});
  // Closes the innermost open element.
  void close();
  // An element of HTML without an end: <meta …>.
  void empty(std::string_view element, Attributes attributes = {});
  // An element of SVG without content: <rect …/>.
  void shape(std::string_view element, Attributes attributes);
  // An element with text in it.
  void element(std::string_view name, Attributes attributes, std::string_view text);
  void element(std::string_view name, std::string_view text) { element(name, {}, text); }

  void text(std::string_view text);
  // Text that may break after each '/' and ','.
  void breakable(std::string_view text);
  // The sheet of <style>, or the document's type: as it is. Never anything from outside.
  void literal(std::string_view text) { out_ += text; }

  // What was written; every element must have been closed.
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void begin(std::string_view element, Attributes attributes);

  std::string out_;
  std::vector<std::string_view> open_;
};

}  // namespace coldload
