#include "core/report/shell_quote.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace coldload {
namespace {

bool is_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f;
}

bool is_printable_ascii(char character) {
  return !is_control(character) && static_cast<unsigned char>(character) < 0x80;
}

Result<void> refuse_nul(std::string_view value) {
  const size_t at = value.find('\0');
  if (at == std::string_view::npos) return {};
  return fail(
      Status::invalid_option,
      fmt::format("{}: a NUL at byte {}: neither bash nor systemd can hold it", in_quotes(value), at));
}

std::string octal(char character) {
  return fmt::format("\\{:03o}", static_cast<unsigned char>(character));
}

std::string escaped_in_unit(char character, UnitPlace place) {
  if (character == '"' || character == '\\') return {'\\', character};
  if (character == '%') return "%%";
  if (character == '$' && place == UnitPlace::exec) return "$$";
  if (place == UnitPlace::exec && !is_printable_ascii(character)) return octal(character);
  return {character};
}

}  // namespace

Result<std::string> shell_quote(std::string_view value) {
  if (const auto refused = refuse_nul(value); !refused) return pass(refused);
  const bool plain = std::ranges::all_of(value, is_printable_ascii);
  std::string text = plain ? "'" : "$'";
  for (const char character : value) {
    if (plain) {
      text += character == '\'' ? std::string("'\\''") : std::string(1, character);
    } else if (character == '\'' || character == '\\') {
      text += {'\\', character};
    } else {
      text += is_printable_ascii(character) ? std::string(1, character) : octal(character);
    }
  }
  return text + "'";
}

Result<std::string> unit_quote(std::string_view value, UnitPlace place) {
  if (const auto refused = refuse_nul(value); !refused) return pass(refused);
  if (place == UnitPlace::path && (std::ranges::any_of(value, is_control) || json::utf8(value) != value)) {
    return fail(
        Status::invalid_option,
        fmt::format("{}: systemd cannot hold a path with a control character or bytes that are no UTF-8",
                    in_quotes(value)));
  }
  std::string text = "\"";
  for (const char character : value) text += escaped_in_unit(character, place);
  return text + "\"";
}

}  // namespace coldload
