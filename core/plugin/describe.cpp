#include "core/plugin/describe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "coldload/backend.h"
#include "coldload/destination.h"
#include "coldload/strategy.h"
#include "core/base/json.hpp"
#include "core/base/nearest.hpp"
#include "core/plugin/options.hpp"

namespace coldload {
namespace {

struct NamedKind {
  const char* id;
  std::string_view word;
  std::string_view heading;
};
constexpr std::array kKinds = {NamedKind{COLDLOAD_KIND_BACKEND, "backend", "Backends"},
                               NamedKind{COLDLOAD_KIND_STRATEGY, "strategy", "Strategies"},
                               NamedKind{COLDLOAD_KIND_DESTINATION, "destination", "Destinations"}};

std::string_view word_of(const Component& component) {
  const std::string_view id = component.table->kind;
  return std::ranges::find(kKinds, id, [](const NamedKind& kind) { return std::string_view(kind.id); })->word;
}

struct NamedFlag {
  uint32_t bit;
  std::string_view name;
  std::string_view meaning;
};
constexpr std::array kFlags = {
    NamedFlag{COLDLOAD_COMPONENT_RUNS_PROGRAMS, "runs_programs", "Runs programs: needs --allow-commands."},
    NamedFlag{COLDLOAD_COMPONENT_EXTERNAL, "external",
              "Loads outside coldload: coverage, checksum and first byte are not observed."},
    NamedFlag{COLDLOAD_COMPONENT_SYNTHETIC, "synthetic",
              "Synthetic: its bytes are made up, not stored anywhere."},
    NamedFlag{COLDLOAD_COMPONENT_EMULATED, "emulated", "Emulates another path: every result says so."},
};

// As TOML: a key's value from what the table says of it.
std::string toml_value(const coldload_option& option, std::string_view text) {
  switch (option.type) {
    case COLDLOAD_OPTION_BOOL:
    case COLDLOAD_OPTION_INT:
    case COLDLOAD_OPTION_FLOAT:
      return std::string(text);
    case COLDLOAD_OPTION_LIST:
    case COLDLOAD_OPTION_MAP: {
      coldload_option with = option;
      const std::string written(text);
      with.default_value = written.c_str();
      const Value value = default_value_of(with);
      std::vector<std::string> parts;
      if (const auto* list = std::get_if<ValueList>(&value.data)) {
        for (const Value& element : *list) parts.push_back(fmt::format("\"{}\"", to_string(element)));
        return fmt::format("[{}]", fmt::join(parts, ", "));
      }
      for (const Member& member : std::get<ValueTable>(value.data)) {
        parts.push_back(fmt::format("{} = \"{}\"", member.key, to_string(member.value)));
      }
      return fmt::format("{{ {} }}", fmt::join(parts, ", "));
    }
    default:
      return fmt::format("\"{}\"", text);
  }
}

// A value that passes the table's checks, for an option without a default.
std::string sample_of(const coldload_option& option) {
  if (option.minimum != nullptr) return option.minimum;
  if (option.maximum != nullptr) return option.maximum;
  switch (option.type) {
    case COLDLOAD_OPTION_BOOL:
      return "true";
    case COLDLOAD_OPTION_INT:
    case COLDLOAD_OPTION_FLOAT:
      return "1";
    case COLDLOAD_OPTION_CHOICE:
      return option.choices[0];
    case COLDLOAD_OPTION_BYTES:
      return "8 MiB";
    case COLDLOAD_OPTION_DURATION:
      return "250 ms";
    case COLDLOAD_OPTION_RATE:
      return "2 Gbit/s";
    case COLDLOAD_OPTION_SECRET:
      return "env:NAME";
    case COLDLOAD_OPTION_MAP:
      return "key=value";
    case COLDLOAD_OPTION_PATH:
      return "/mnt/models";
    default:
      return "name";
  }
}

// At most five lines: what must be said, then the first options that have a default worth showing.
std::string example_of(const Component& component) {
  constexpr size_t kLinesMax = 5;
  const coldload_component& table = *component.table;
  std::vector<std::pair<std::string, std::string>> lines;
  for (uint32_t i = 0; i < table.option_count; ++i) {
    const coldload_option& option = option_at(table, i);
    if (option.default_value != nullptr) continue;
    lines.emplace_back(option.name, toml_value(option, sample_of(option)));
  }
  for (uint32_t i = 0; i < table.option_count && lines.size() + 1 < kLinesMax; ++i) {
    const coldload_option& option = option_at(table, i);
    if (option.default_value == nullptr || *option.default_value == '\0') continue;
    lines.emplace_back(option.name, toml_value(option, option.default_value));
  }
  size_t width = 0;
  for (const auto& line : lines) width = std::max(width, line.first.size());
  std::string text = fmt::format("  [{}.{}]\n", word_of(component), table.id);
  for (const auto& [name, value] : lines) text += fmt::format("  {:<{}} = {}\n", name, width, value);
  return text;
}

std::string options_text(const coldload_component& table) {
  if (table.option_count == 0) return "\nIt has no options.\n";
  size_t width = 0;
  for (const std::string& name : option_names(table)) width = std::max(width, name.size());
  std::string text = "\nOptions\n";
  for (uint32_t i = 0; i < table.option_count; ++i) {
    const coldload_option& option = option_at(table, i);
    text += fmt::format("  {:<{}}  {}\n", option.name, width, describe_option(option));
    text += fmt::format("  {:<{}}  {}\n", "", width, option.summary);
  }
  return text;
}

std::string component_text(const Component& component) {
  const coldload_component& table = *component.table;
  std::string text = fmt::format("{} \"{}\": {}\n", word_of(component), table.id, table.summary);
  text += fmt::format("of plugin {} {} ({}), {}\n", component.plugin->id, component.plugin->version,
                      component.plugin->vendor, component.file.string());
  for (const NamedFlag& flag : kFlags) {
    if ((table.flags & flag.bit) != 0) text += fmt::format("{}\n", flag.meaning);
  }
  if (table.schemes != nullptr) {
    std::vector<std::string> schemes;
    for (const char* const* scheme = table.schemes; *scheme != nullptr; ++scheme) {
      schemes.push_back(fmt::format("{}://", *scheme));
    }
    text += fmt::format("URLs: {}\n", fmt::join(schemes, ", "));
  }
  text += options_text(table);
  text += "\nIn a scenario\n" + example_of(component);
  return text;
}

json::value text_or_null(const char* text) {
  return text == nullptr ? json::value(nullptr) : json::value(text);
}

json::object option_json(const coldload_option& option) {
  json::object out{{"name", option.name},
                   {"type", option_type_name(option.type)},
                   {"required", (option.flags & COLDLOAD_OPTION_REQUIRED) != 0},
                   {"default", text_or_null(option.default_value)},
                   {"minimum", text_or_null(option.minimum)},
                   {"maximum", text_or_null(option.maximum)},
                   {"unit", option.unit}};
  json::array choices;
  for (const char* const* choice = option.choices; choice != nullptr && *choice != nullptr; ++choice) {
    choices.emplace_back(*choice);
  }
  if (option.type == COLDLOAD_OPTION_CHOICE) out["choices"] = std::move(choices);
  out["summary"] = option.summary;
  return out;
}

json::object component_json(const Component& component) {
  const coldload_component& table = *component.table;
  json::array flags;
  for (const NamedFlag& flag : kFlags) {
    if ((table.flags & flag.bit) != 0) flags.emplace_back(flag.name);
  }
  json::array schemes;
  for (const char* const* scheme = table.schemes; scheme != nullptr && *scheme != nullptr; ++scheme) {
    schemes.emplace_back(*scheme);
  }
  return {{"id", table.id},
          {"kind", word_of(component)},
          {"summary", table.summary},
          {"plugin", component.plugin->id},
          {"version", component.plugin->version},
          {"file", json::utf8(component.file.string())},
          {"flags", std::move(flags)},
          {"schemes", std::move(schemes)}};
}

// Those meant by "s3" or "backend/s3".
Result<std::vector<Component>> named(const Registry& registry, std::string_view name) {
  std::vector<Component> found;
  std::vector<std::string> known;
  for (const NamedKind& kind : kKinds) {
    for (const Component& component : registry.components(kind.id)) {
      known.emplace_back(component.table->id);
      if (name == component.table->id || name == fmt::format("{}/{}", kind.word, component.table->id)) {
        found.push_back(component);
      }
    }
  }
  if (!found.empty()) return found;
  const std::string nothing =
      registry.refused().empty() ? "" : "; `coldload list` says which plugins were refused";
  return fail(Status::not_found, fmt::format("no plugin provides a component \"{}\"{}{}", name,
                                             suggestion(name, known), known.empty() ? nothing : ""));
}

}  // namespace

std::string list_text(const Registry& registry) {
  std::string text;
  for (const NamedKind& kind : kKinds) {
    const std::vector<Component> components = registry.components(kind.id);
    size_t width = 0;
    size_t summary_width = 0;
    for (const Component& each : components) {
      width = std::max(width, std::string_view(each.table->id).size());
      summary_width = std::max(summary_width, std::string_view(each.table->summary).size());
    }
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", kind.heading);
    if (components.empty()) text += "  none\n";
    for (const Component& each : components) {
      text += fmt::format("  {:<{}}  {:<{}}  {}  {}\n", each.table->id, width, each.table->summary,
                          summary_width, each.plugin->version, each.file.string());
    }
  }
  if (registry.refused().empty()) return text;
  text += "\nRefused\n";
  for (const RefusedPlugin& refused : registry.refused()) {
    text += fmt::format("  {}: {}\n", refused.file.string(), refused.reason);
  }
  return text;
}

std::string list_json(const Registry& registry) {
  json::object out;
  const std::array<std::string_view, 3> names = {"backends", "strategies", "destinations"};
  for (size_t i = 0; i < kKinds.size(); ++i) {
    json::array components;
    for (const Component& each : registry.components(kKinds.at(i).id))
      components.push_back(component_json(each));
    out[names.at(i)] = std::move(components);
  }
  json::array refused;
  for (const RefusedPlugin& each : registry.refused()) {
    refused.push_back({{"file", json::utf8(each.file.string())}, {"reason", json::utf8(each.reason)}});
  }
  out["refused"] = std::move(refused);
  return json::dump_pretty(out);
}

Result<std::string> describe_text(const Registry& registry, std::string_view name) {
  const auto found = named(registry, name);
  if (!found) return pass(found);
  std::string text;
  for (const Component& component : *found) text += (text.empty() ? "" : "\n") + component_text(component);
  return text;
}

Result<std::string> describe_json(const Registry& registry, std::string_view name) {
  const auto found = named(registry, name);
  if (!found) return pass(found);
  json::array out;
  for (const Component& component : *found) {
    json::object described = component_json(component);
    json::array options;
    for (uint32_t i = 0; i < component.table->option_count; ++i) {
      options.push_back(option_json(option_at(*component.table, i)));
    }
    described["options"] = std::move(options);
    described["example"] = example_of(component);
    out.push_back(std::move(described));
  }
  return json::dump_pretty(out);
}

}  // namespace coldload
