#include "core/scenario/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "coldload/backend.h"
#include "coldload/strategy.h"
#include "core/scenario/components.hpp"

namespace coldload {
namespace {

constexpr std::string_view kTop = "scenario";
constexpr uint32_t kSchema = 1;
constexpr size_t kNameBytesMax = 64;

// The top level by name: components are read before what names them, wherever they stand in the file.
struct Sections {
  const Member* schema = nullptr;
  const Member* name = nullptr;
  const Member* model = nullptr;
  const Member* backend = nullptr;
  const Member* strategy = nullptr;
  const Member* destination = nullptr;
  const Member* compare = nullptr;
  const Member* run = nullptr;
  const Member* policy = nullptr;
  const Member* service = nullptr;
  const Member* expect = nullptr;
};

template <const Member* Sections::* kField>
void note(const Slot& slot, Sections& out) {
  out.*kField = &slot.member;
}

constexpr std::array<Key<Sections>, 11> kTopKeys = {{
    {"schema", note<&Sections::schema>},
    {"name", note<&Sections::name>},
    {"model", note<&Sections::model>},
    {"backend", note<&Sections::backend>},
    {"strategy", note<&Sections::strategy>},
    {"destination", note<&Sections::destination>},
    {"compare", note<&Sections::compare>},
    {"run", note<&Sections::run>},
    {"policy", note<&Sections::policy>},
    {"service", note<&Sections::service>},
    {"expect", note<&Sections::expect>},
}};

// A scenario's name becomes a folder's.
bool is_file_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '.' &&
         std::ranges::all_of(name, allowed);
}

void read_schema(const Sections& sections, const std::string& file, Mistakes& mistakes) {
  if (sections.schema == nullptr) {
    mistakes.add({file, 1, 1}, "scenario: schema is missing: add \"schema = 1\" as the first line");
    return;
  }
  const auto* number = std::get_if<int64_t>(&sections.schema->value.data);
  if (number == nullptr || *number != kSchema) {
    Slot{*sections.schema, kTop, mistakes}.expected("1, the schema this coldload reads");
  }
}

std::string read_name(const Member* member, const std::string& file, Mistakes& mistakes) {
  if (member != nullptr) {
    const Slot slot{*member, kTop, mistakes};
    const std::string* name = read_text(slot);
    if (name == nullptr) return {};
    if (is_file_name(*name)) return *name;
    slot.expected(fmt::format("1 to {} characters of a-z, A-Z, 0-9, '_', '.' and '-', not starting with '.'",
                              kNameBytesMax));
    return {};
  }
  const std::string stem = std::filesystem::path(file).stem().string();
  return is_file_name(stem) ? stem : "scenario";
}

// A [model.path] table has no default, so every backend that is compared needs its own line.
void need_paths(const Scenario& scenario, const Registry& registry, Mistakes& mistakes) {
  const auto& paths = scenario.model.backend_paths;
  if (paths.empty()) return;
  std::vector<std::string> inner;
  for (const ComponentSpec& backend : scenario.backends) {
    for (const BuiltOn& below : built_on(backend, registry)) inner.push_back(below.backend);
  }
  for (const ComponentSpec& backend : scenario.backends) {
    const bool has_path = std::ranges::find(paths, backend.name, &BackendPath::backend) != paths.end();
    const bool compared = std::ranges::any_of(scenario.comparisons, [&](const Comparison& comparison) {
      if (comparison.backends.empty()) return std::ranges::find(inner, backend.name) == inner.end();
      return std::ranges::find(comparison.backends, backend.name) != comparison.backends.end();
    });
    if (compared && !has_path) {
      mistakes.add(scenario.model.where,
                   fmt::format("[model.path]: no path for backend \"{}\", which is compared", backend.name));
    }
  }
}

void need_sections(const Sections& sections, const Scenario& scenario, const std::string& file,
                   Mistakes& mistakes) {
  const Location whole{file, 0, 0};
  if (sections.model == nullptr) {
    mistakes.add(whole, "scenario: no [model]: add one with a path below each backend's root");
  }
  const auto empty = [](const Member* section) {
    const auto* table = section == nullptr ? nullptr : std::get_if<ValueTable>(&section->value.data);
    return section == nullptr || (table != nullptr && table->empty());
  };
  if (scenario.backends.empty() && empty(sections.backend)) {
    mistakes.add(whole, "scenario: no backend: add a table such as [backend.local]");
  }
  if (scenario.strategies.empty() && empty(sections.strategy)) {
    mistakes.add(whole, "scenario: no strategy: add a table such as [strategy.parallel]");
  }
}

}  // namespace

const ValueTable* table_of(const Member& section, Mistakes& mistakes) {
  if (const auto* table = std::get_if<ValueTable>(&section.value.data)) return table;
  mistakes.add(section.value.where, fmt::format("scenario: {}: expected a table, [{}], found {}", section.key,
                                                section.key, type_name(section.value)));
  return nullptr;
}

std::vector<const Value*> array_of_tables(const Member& section, Mistakes& mistakes) {
  std::vector<const Value*> tables;
  const auto* list = std::get_if<ValueList>(&section.value.data);
  if (list == nullptr) {
    mistakes.add(section.value.where, fmt::format("scenario: {}: expected tables headed [[{}]], found {}",
                                                  section.key, section.key, type_name(section.value)));
    return tables;
  }
  for (const Value& entry : *list) {
    if (std::holds_alternative<ValueTable>(entry.data)) {
      tables.push_back(&entry);
    } else {
      mistakes.add(entry.where, fmt::format("scenario: {}: expected tables headed [[{}]], found {}",
                                            section.key, section.key, type_name(entry)));
    }
  }
  return tables;
}

std::expected<Scenario, Diagnostics> read_tables(const ValueTable& tables, ScenarioSource source,
                                                 const Registry& registry, Mistakes mistakes) {
  Sections sections;
  read_table(tables, kTop, kTopKeys, sections, mistakes);
  Scenario scenario;
  read_schema(sections, source.file, mistakes);
  scenario.name = read_name(sections.name, source.file, mistakes);
  scenario.backends =
      read_components(sections.backend, {COLDLOAD_KIND_BACKEND, source.base_directory, registry, mistakes});
  scenario.strategies =
      read_components(sections.strategy, {COLDLOAD_KIND_STRATEGY, source.base_directory, registry, mistakes});
  scenario.destinations = read_destinations(sections.destination, source.base_directory, registry, mistakes);
  refuse_backend_cycles(scenario.backends, registry, mistakes);
  need_sections(sections, scenario, source.file, mistakes);
  scenario.model = read_model(sections.model, scenario.backends, mistakes);
  if (sections.compare != nullptr) {
    scenario.comparisons = read_comparisons(*sections.compare, scenario.backends, scenario.strategies,
                                            scenario.destinations, mistakes);
  }
  if (scenario.comparisons.empty()) scenario.comparisons.emplace_back().where = {source.file, 0, 0};
  if (sections.run != nullptr) scenario.run = read_run(*sections.run, mistakes);
  if (sections.policy != nullptr) scenario.policy = read_policy(*sections.policy, mistakes);
  if (sections.service != nullptr) scenario.service = read_service(*sections.service, mistakes);
  if (sections.expect != nullptr) scenario.expectations = read_expectations(*sections.expect, mistakes);
  need_paths(scenario, registry, mistakes);
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes).take());
  scenario.file = std::move(source.file);
  scenario.base_directory = std::move(source.base_directory);
  scenario.text = std::move(source.text);
  return scenario;
}

}  // namespace coldload
