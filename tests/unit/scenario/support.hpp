// A registry of the components in components_plugin.c, and scenarios as the tests write them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/scenario/parse.hpp"

namespace coldload {

inline const Registry& test_registry() {
  static const Registry registry = Registry::load({COLDLOAD_TESTS_COMPONENTS});
  return registry;
}

inline std::expected<Scenario, Diagnostics> parse(std::string text) {
  return parse_scenario(std::move(text), "x.toml", "/scenarios", test_registry());
}

// What the reader of a terminal sees, line by line.
inline std::vector<std::string> mistakes_in(std::string text) {
  std::vector<std::string> lines;
  const auto scenario = parse(std::move(text));
  if (scenario) return lines;
  for (const Diagnostic& diagnostic : scenario.error()) lines.push_back(to_string(diagnostic));
  return lines;
}

// What every scenario of these tests starts with; what is tested stands from line 8 on.
inline constexpr std::string_view kHead =
    "schema = 1\n"
    "[model]\n"
    "path = \"m\"\n"
    "[backend.nvme]\n"
    "plugin = \"local\"\n"
    "root = \"/mnt/nvme\"\n"
    "[strategy.parallel]\n";

inline std::string with_head(std::string_view rest) {
  return std::string(kHead) + std::string(rest);
}

}  // namespace coldload
