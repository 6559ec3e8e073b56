#include "core/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/json.hpp"

namespace coldload {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};
// Unicode 15: East Asian Width W and F, roughly by block; what lies between is unassigned or rare.
constexpr std::array kWide = {Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},
                              Range{0xA960, 0xA97C},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
                              Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
                              Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF},
                              Range{0x1FA70, 0x1FAFF}, Range{0x20000, 0x3FFFD}};
constexpr std::array kZero = {Range{0x0300, 0x036F}, Range{0x200B, 0x200F}, Range{0x20D0, 0x20FF},
                              Range{0xFE00, 0xFE0F}};

template <size_t N>
bool is_in(uint32_t code, const std::array<Range, N>& ranges) {
  return std::ranges::any_of(
      ranges, [code](const Range& range) { return code >= range.first && code <= range.last; });
}

struct CodePoint {
  uint32_t code = 0;
  size_t bytes = 1;
};

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The first code point; a byte that starts none is one of its own.
CodePoint first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (bytes == 1 || text.size() < bytes) return {lead, 1};
  uint32_t code = lead & (0x7FU >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return {lead, 1};
    code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return {code, bytes};
}

size_t columns_of(uint32_t code) {
  if (is_in(code, kZero)) return 0;
  return is_in(code, kWide) ? 2 : 1;
}

bool is_blank_or_control(uint32_t code) {
  return code <= 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const CodePoint point = first_of(text);
    columns += columns_of(point.code);
    text.remove_prefix(point.bytes);
  }
  return columns;
}

std::string_view beginning(std::string_view text, size_t columns) {
  size_t at = 0;
  size_t taken = 0;
  while (at < text.size()) {
    const CodePoint point = first_of(text.substr(at));
    if (taken + columns_of(point.code) > columns) break;
    taken += columns_of(point.code);
    at += point.bytes;
  }
  return text.substr(0, at);
}

std::string shortened(std::string_view text, size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  return std::string(beginning(text, columns - 1)) + "…";
}

std::string printable(std::string_view text) {
  const std::string valid = json::utf8(text);
  std::string out;
  std::string_view rest = valid;
  bool blank = false;
  while (!rest.empty()) {
    const CodePoint point = first_of(rest);
    if (is_blank_or_control(point.code)) {
      blank = !out.empty();
    } else {
      if (blank) out += ' ';
      blank = false;
      out += rest.substr(0, point.bytes);
    }
    rest.remove_prefix(point.bytes);
  }
  return out;
}

std::string in_quotes(std::string_view name) {
  constexpr size_t kShownBytesMax = 80;
  size_t end = std::min(name.size(), kShownBytesMax);
  // Not within a code point, which has at most three bytes after its first.
  for (int back = 0; back < 3 && end < name.size() && is_continuation(name[end]); ++back) --end;
  return "\"" + printable(name.substr(0, end)) + (end < name.size() ? "…" : "") + "\"";
}

std::string counted(uint64_t count, std::string_view noun, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", noun);
  return plural.empty() ? fmt::format("{} {}s", count, noun) : fmt::format("{} {}", count, plural);
}

std::vector<std::string> wrapped(std::string_view text, size_t columns) {
  std::vector<std::string> lines(1);
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (!lines.back().empty() && columns_of(lines.back()) + 1 + columns_of(word) > columns) {
      lines.emplace_back();
    }
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

}  // namespace coldload
