// From a scenario's text to a Scenario, or to every mistake in it at once.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "core/base/location.hpp"
#include "core/plugin/registry.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

// Reads at most limits::kScenarioBytesMax from `path` ("-" is standard input); a directory, a device node, an
// empty input are refused by name. Checks keys, types, ranges, names of components and every option of every
// backend and strategy against the plugins' tables; each mistake is a diagnostic with file:line:col, what was
// expected and the nearest name, up to limits::kDiagnosticsMax of them. Opens no backend.
[[nodiscard]] std::expected<Scenario, Diagnostics> read_scenario(const std::filesystem::path& path,
                                                                 const Registry& registry);
[[nodiscard]] std::expected<Scenario, Diagnostics> parse_scenario(std::string text, std::string file,
                                                                  std::string base_directory,
                                                                  const Registry& registry);

}  // namespace coldload
