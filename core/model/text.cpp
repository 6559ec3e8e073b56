#include "core/model/text.hpp"

#include <fmt/format.h>

#include "core/base/json.hpp"

namespace coldload {

std::string printable(std::string_view name) {
  std::string shown = json::utf8(name);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return shown;
}

std::string in_quotes(std::string_view name) {
  constexpr size_t kShownBytesMax = 80;
  return fmt::format("\"{}{}\"", printable(name.substr(0, kShownBytesMax)),
                     name.size() > kShownBytesMax ? "…" : "");
}

}  // namespace coldload
