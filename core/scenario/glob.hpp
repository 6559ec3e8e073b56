// What a glob over case ids stands for; whether it matches is glob_matches' (core/scenario/scenario.hpp).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coldload {

// What each '*' of `glob` stands for in `text`, from left to right, each but the last the shortest that is
// possible; nothing where it does not match. [any-thread]
[[nodiscard]] std::optional<std::vector<std::string>> glob_captures(std::string_view glob,
                                                                    std::string_view text);

// The text that `glob` misses by the least: a third of its characters at most, '*' not counted, and at least
// 1 allowed. [any-thread]
[[nodiscard]] std::optional<std::string> nearest_to_glob(std::string_view glob,
                                                         std::span<const std::string> texts);

}  // namespace coldload
