// Text as a terminal shows it: columns, not bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coldload {

// Columns that UTF-8 text takes: 1 for most code points, 2 for East Asian wide ones and emoji, 0 for
// combining marks; a byte that is no UTF-8 counts 1. Control characters are the caller's to remove.
[[nodiscard]] size_t columns_of(std::string_view text);

// The longest beginning that takes at most `columns`, never half a code point.
[[nodiscard]] std::string_view beginning(std::string_view text, size_t columns);

// At most `columns`, what is cut marked by "…".
[[nodiscard]] std::string shortened(std::string_view text, size_t columns);

// Text from outside (a reason, a name, a worker's words) made safe for a terminal: valid UTF-8, each run of
// control characters and blanks one blank, so that no escape sequence passes.
[[nodiscard]] std::string printable(std::string_view text);

// `"name"`, printable, at most 80 bytes of it.
[[nodiscard]] std::string in_quotes(std::string_view name);

// "1 run", "2 runs"; `plural` where it is not the noun and an s.
[[nodiscard]] std::string counted(uint64_t count, std::string_view noun, std::string_view plural = "");

// Broken at blanks into lines of at most `columns`; a longer word gets a line of its own and is not cut, so
// that a path can be copied. At least one line.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, size_t columns);

}  // namespace coldload
