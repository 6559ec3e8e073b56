// The scenario that `quick` and `probe` run on a directory, as text: it is parsed and recorded like any
// other.
#pragma once

#include <filesystem>
#include <string>

namespace coldload {

// Every local strategy, cold, from `directory`.
[[nodiscard]] std::string quick_scenario(const std::filesystem::path& directory);

// A TOML basic string with everything escaped that must be.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace coldload
