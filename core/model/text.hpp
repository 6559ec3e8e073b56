// Names from outside, made fit for a message or a terminal.
#pragma once

#include <string>
#include <string_view>

namespace coldload {

// Valid UTF-8 without control bytes.
[[nodiscard]] std::string printable(std::string_view name);

// `"name"`, printable, at most 80 bytes of it.
[[nodiscard]] std::string in_quotes(std::string_view name);

}  // namespace coldload
