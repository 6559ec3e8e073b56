#include "key.hpp"

#include <algorithm>
#include <cstdint>

namespace coldload::s3 {
namespace {

struct Sequence {
  size_t bytes = 0;  // 0: none starts so.
  uint32_t code = 0;
};

Sequence sequence_of(unsigned char first) {
  if (first < 0x80) return {1, first};
  if (first >= 0xC2 && first < 0xE0) return {2, first & 0x1Fu};
  if (first >= 0xE0 && first < 0xF0) return {3, first & 0x0Fu};
  if (first >= 0xF0 && first < 0xF5) return {4, first & 0x07u};
  return {};
}

// RFC 3629: no surrogates, nothing longer than needed, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  for (size_t at = 0; at < text.size();) {
    auto [bytes, code] = sequence_of(static_cast<unsigned char>(text[at]));
    if (bytes == 0 || bytes > text.size() - at) return false;
    for (size_t i = 1; i < bytes; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0u) != 0x80) return false;
      code = code << 6 | (next & 0x3Fu);
    }
    if (code < kLeast[bytes] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    at += bytes;
  }
  return true;
}

}  // namespace

std::string_view fault_of_listed_key(std::string_view key) {
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view part = key.substr(begin, end - begin);
    if (part.empty()) return "has an empty part between slashes";
    if (part == "." || part == "..") return "has a part \".\" or \"..\"";
    begin = end + 1;
  }
  return is_utf8(key) ? "" : "is no UTF-8";
}

std::string quoted_key(std::string_view key) {
  constexpr size_t kShownBytesMax = 200;
  constexpr char kDigits[] = "0123456789abcdef";
  // A character cut in two is escaped like one that is none.
  const std::string_view shown = key.substr(0, kShownBytesMax);
  const bool ascii_only = !is_utf8(shown);
  std::string text = "\"";
  for (const char letter : shown) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') text += '\\';
    if (byte >= ' ' && byte != 0x7F && (byte < 0x80 || !ascii_only)) {
      text += letter;
      continue;
    }
    text += "\\x";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text + (shown.size() < key.size() ? "…\"" : "\"");
}

}  // namespace coldload::s3
