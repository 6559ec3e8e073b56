// Which names a plugin may give its parts.
#pragma once

#include <algorithm>
#include <string_view>

namespace coldload {

// "part_size": a lower-case letter, then lower-case letters, digits and underscores.
[[nodiscard]] inline bool is_snake_case(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto tail = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && lower(name.front()) && std::ranges::all_of(name, tail);
}

// Not null, not empty, nothing that would break a line of output.
[[nodiscard]] inline bool is_one_line(const char* text) {
  if (text == nullptr || *text == '\0') return false;
  const auto breaks = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return std::ranges::none_of(std::string_view(text), breaks);
}

}  // namespace coldload
