// From a file's tables to a Scenario: everything about a scenario's keys, nothing about TOML.
#pragma once

#include <expected>
#include <string>

#include "core/base/value.hpp"
#include "core/plugin/registry.hpp"
#include "core/scenario/keys.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

struct ScenarioSource {
  std::string text;
  std::string file;
  std::string base_directory;
};

// `mistakes` are those of reading the tables; the scenario is returned only if none are added to them.
[[nodiscard]] std::expected<Scenario, Diagnostics> read_tables(const ValueTable& tables,
                                                               ScenarioSource source,
                                                               const Registry& registry, Mistakes mistakes);

// One station each; mistakes are added, and what could be read is returned.
struct ComponentContext {
  std::string_view kind;  // COLDLOAD_KIND_…
  std::string base_directory;
  const Registry& registry;
  Mistakes& mistakes;
};
[[nodiscard]] std::vector<ComponentSpec> read_components(const Member* section,
                                                         const ComponentContext& context);
// [destination.NAME]; the names of coldload's own destinations cannot be taken.
[[nodiscard]] std::vector<ComponentSpec> read_destinations(const Member* section, std::string base_directory,
                                                           const Registry& registry, Mistakes& mistakes);
void refuse_backend_cycles(const std::vector<ComponentSpec>& backends, const Registry& registry,
                           Mistakes& mistakes);

[[nodiscard]] ModelSpec read_model(const Member* section, const std::vector<ComponentSpec>& backends,
                                   Mistakes& mistakes);
[[nodiscard]] RunSettings read_run(const Member& section, Mistakes& mistakes);
[[nodiscard]] Policy read_policy(const Member& section, Mistakes& mistakes);
[[nodiscard]] Service read_service(const Member& section, Mistakes& mistakes);
[[nodiscard]] std::vector<Expectation> read_expectations(const Member& section, Mistakes& mistakes);

[[nodiscard]] std::vector<Comparison> read_comparisons(const Member& section,
                                                       const std::vector<ComponentSpec>& backends,
                                                       const std::vector<ComponentSpec>& strategies,
                                                       const std::vector<ComponentSpec>& destinations,
                                                       Mistakes& mistakes);

// The tables of `[[compare]]`; a mistake where it is anything else, with how to write it.
[[nodiscard]] std::vector<const Value*> array_of_tables(const Member& section, Mistakes& mistakes);
// Its table; null and a mistake where it is anything else.
[[nodiscard]] const ValueTable* table_of(const Member& section, Mistakes& mistakes);

}  // namespace coldload
