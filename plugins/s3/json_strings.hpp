// The little JSON that a credential_process prints: one object, whose values are strings or numbers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace coldload::s3 {

// Numbers, true, false and null as their text. Nothing if it is anything else, a nested value included.
[[nodiscard]] std::optional<std::map<std::string, std::string>> parse_flat_json(std::string_view text);

}  // namespace coldload::s3
