// Refuses TOML whose shape would overflow a recursive parser's stack, before it is parsed.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/location.hpp"

namespace coldload {

// Counts the dotted parts of keys (at most limits::kTomlKeyPartsMax) and the nesting of arrays and inline
// tables, their keys' parts included (at most limits::kTomlNestingMax), knowing strings and comments. Says
// nothing about whether the text is TOML otherwise. Nothing where the shape is harmless.
[[nodiscard]] std::optional<Diagnostic> check_toml_shape(std::string_view text, std::string_view file);

}  // namespace coldload
