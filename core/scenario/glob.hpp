// What a glob over case ids stands for; whether it matches is glob_matches' (core/scenario/scenario.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coldload {

// What each '*' of `glob` stands for in `text`, from left to right, each but the last the shortest that is
// possible; nothing where it does not match. [any-thread]
[[nodiscard]] std::optional<std::vector<std::string>> glob_captures(std::string_view glob,
                                                                    std::string_view text);

}  // namespace coldload
