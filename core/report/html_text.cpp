#include "core/report/html_text.hpp"

#include <cstddef>
#include <cstdint>

#include "core/base/json.hpp"

namespace coldload {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

struct CodePoint {
  uint32_t code = 0;
  size_t bytes = 1;
};

// Of text that is valid UTF-8.
CodePoint first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (bytes == 1) return {lead, 1};
  uint32_t code = lead & (0x7FU >> bytes);
  for (size_t i = 1; i < bytes && i < text.size(); ++i) {
    code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return {code, bytes};
}

bool turns_direction(uint32_t code) {
  return code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

bool is_line_end(uint32_t code) {
  return code == '\t' || code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 || code == 0x2029;
}

bool is_no_character(uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  return control || (code & 0xFFFEU) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
}

void append_escaped(std::string& out, std::string_view character, uint32_t code) {
  switch (code) {
    case '&':
      out += "&amp;";
      return;
    case '<':
      out += "&lt;";
      return;
    case '>':
      out += "&gt;";
      return;
    case '"':
      out += "&quot;";
      return;
    case '\'':
      out += "&#39;";
      return;
    default:
      break;
  }
  if (turns_direction(code)) return;
  if (is_line_end(code)) {
    out += ' ';
  } else if (is_no_character(code)) {
    out += kReplacement;
  } else {
    out += character;
  }
}

std::string escaped(std::string_view text, std::string_view breaks_after) {
  const std::string valid = json::utf8(text);
  std::string out;
  out.reserve(valid.size() + valid.size() / 4);
  std::string_view rest = valid;
  while (!rest.empty()) {
    const CodePoint point = first_of(rest);
    append_escaped(out, rest.substr(0, point.bytes), point.code);
    const bool breaks = point.bytes == 1 && breaks_after.find(rest.front()) != std::string_view::npos;
    rest.remove_prefix(point.bytes);
    if (breaks && !rest.empty()) out += "<wbr>";
  }
  return out;
}

}  // namespace

std::string html_escaped(std::string_view text) {
  return escaped(text, "");
}
std::string html_breakable(std::string_view text) {
  return escaped(text, "/,");
}

}  // namespace coldload
