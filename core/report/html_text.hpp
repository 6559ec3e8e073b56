// Text from outside, made safe to stand in HTML.
#pragma once

#include <string>
#include <string_view>

namespace coldload {

// For text and for attribute values in double quotes: markup characters escaped, invalid UTF-8, control
// characters and noncharacters as U+FFFD, line ends and tabs as a blank. Characters that turn the direction
// of what follows them are left out: they would let one name rearrange its neighbours. [any-thread]
[[nodiscard]] std::string html_escaped(std::string_view text);

// The same for text, with a place to break after each '/' and ',': a case's id has no blanks.
[[nodiscard]] std::string html_breakable(std::string_view text);

}  // namespace coldload
