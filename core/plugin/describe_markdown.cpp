// The option reference, docs/options.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "coldload/backend.h"
#include "coldload/strategy.h"
#include "core/plugin/describe.hpp"
#include "core/plugin/options.hpp"

namespace coldload {
namespace {

struct Section {
  const char* kind;
  std::string_view heading;
  std::string_view table;  // of a scenario
};
constexpr std::array kSections = {Section{COLDLOAD_KIND_BACKEND, "Backends", "backend"},
                                  Section{COLDLOAD_KIND_STRATEGY, "Strategies", "strategy"}};

// A bar would end the cell.
std::string cell(std::string text) {
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, "\\");
  return text;
}

std::string options_table(const coldload_component& component) {
  if (component.option_count == 0) return "It has no options.\n";
  std::string text = "| option | | |\n|---|---|---|\n";
  for (uint32_t i = 0; i < component.option_count; ++i) {
    const coldload_option& option = option_at(component, i);
    text +=
        fmt::format("| `{}` | {} | {} |\n", option.name, cell(describe_option(option)), cell(option.summary));
  }
  return text;
}

}  // namespace

std::string describe_markdown(const Registry& registry) {
  std::string text =
      "# Options of backends and strategies\n\n"
      "Printed by `coldload describe --markdown`. How each type is written: "
      "[scenario-files.md](scenario-files.md#backendname-and-strategyname).\n";
  for (const Section& section : kSections) {
    text += fmt::format("\n## {}\n", section.heading);
    for (const Component& component : registry.components(section.kind)) {
      text += fmt::format("\n### `[{}.{}]`\n\n{}.\n\n", section.table, component.table->id,
                          component.table->summary);
      text += options_table(*component.table);
    }
  }
  return text;
}

}  // namespace coldload
