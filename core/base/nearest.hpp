// "did you mean …": the known name nearest to a misspelt one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace coldload {

// Optimal string alignment distance (insert, delete, replace, swap neighbours); bytes, not code points. `a`
// may be a glob: its '*' and '?' then cost nothing for what they stand for.
enum class Wildcards : bool { none, in_first };
[[nodiscard]] size_t edit_distance(std::string_view a, std::string_view b,
                                   Wildcards wildcards = Wildcards::none);

// The known name at the smallest distance, if that is at most a third of its length (and at least 1 allowed).
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view misspelt,
                                                      std::span<const std::string> known);

// "; did you mean "part_size"?" or "; known are a, b, c" or nothing when nothing is known.
[[nodiscard]] std::string suggestion(std::string_view misspelt, std::span<const std::string> known);

}  // namespace coldload
