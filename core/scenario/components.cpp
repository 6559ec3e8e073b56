#include "core/scenario/components.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "coldload/backend.h"
#include "coldload/destination.h"
#include "coldload/strategy.h"
#include "core/plugin/options.hpp"
#include "core/scenario/read.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {
namespace {

constexpr size_t kNameBytesMax = 64;

std::string_view word_of(std::string_view kind) {
  if (kind == COLDLOAD_KIND_BACKEND) return "backend";
  return kind == COLDLOAD_KIND_STRATEGY ? "strategy" : "destination";
}

// Names stand in case ids, so what separates an id's parts or is special in a glob cannot be in them.
bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, allowed);
}

std::string no_such_component(std::string_view id, const ComponentContext& context) {
  const std::string_view word = word_of(context.kind);
  for (const std::string_view other :
       {COLDLOAD_KIND_BACKEND, COLDLOAD_KIND_STRATEGY, COLDLOAD_KIND_DESTINATION}) {
    if (other == context.kind || !context.registry.find(other, id)) continue;
    return fmt::format("no {} plugin \"{}\": it is a {}", word, id, word_of(other));
  }
  std::vector<std::string> known;
  for (const Component& component : context.registry.components(context.kind)) {
    known.emplace_back(component.table->id);
  }
  std::string refused;
  if (!context.registry.refused().empty()) {
    refused = fmt::format(" ({} plugins were refused: see coldload list)", context.registry.refused().size());
  }
  if (known.empty()) refused += "; none is installed, name some by --plugin or COLDLOAD_PLUGIN_PATH";
  return fmt::format("no {} plugin \"{}\"{}{}", word, id, suggestion(id, known), refused);
}

// `written` with each swept array replaced by its element `index`, or its last one.
ValueTable one_element_each(ValueTable written, const std::vector<std::string>& swept, size_t index) {
  for (Member& member : written) {
    if (std::ranges::find(swept, member.key) == swept.end()) continue;
    auto* elements = std::get_if<ValueList>(&member.value.data);
    if (elements == nullptr || elements->empty()) continue;
    Value chosen = (*elements)[std::min(index, elements->size() - 1)];
    member.value = std::move(chosen);
  }
  return written;
}

// How many elements the longest swept array has; empty arrays and repeated elements are mistakes.
size_t longest_sweep(const ComponentSpec& spec, const std::vector<std::string>& swept,
                     const std::string& subject, Mistakes& mistakes) {
  size_t longest = 1;
  for (const Member& member : spec.options) {
    const auto* elements = std::get_if<ValueList>(&member.value.data);
    if (elements == nullptr || std::ranges::find(swept, member.key) == swept.end()) continue;
    longest = std::max(longest, elements->size());
    if (elements->empty()) {
      mistakes.add(member.value.where,
                   fmt::format("{}: {}: the array is empty: there is nothing to sweep", subject, member.key));
    }
    std::set<std::string> seen;
    for (const Value& element : *elements) {
      if (seen.insert(to_string(element)).second) continue;
      mistakes.add(element.where, fmt::format("{}: {}: {} stands in the sweep twice", subject, member.key,
                                              to_string(element)));
    }
  }
  return longest;
}

// Every element of every sweep is checked, not every combination: options are checked one by one.
void check_component(const ComponentSpec& spec, const coldload_component& table,
                     const std::vector<std::string>& backend_names, const ComponentContext& context) {
  const OptionContext option_context{
      fmt::format("{} \"{}\" ({})", word_of(context.kind), spec.name, spec.component), spec.where,
      backend_names, context.base_directory};
  const std::vector<std::string> swept = swept_options(table, spec.options);
  const size_t rounds = longest_sweep(spec, swept, option_context.subject, context.mistakes);
  // An empty array has been reported; as a scalar it would be reported again, as missing it is not.
  ValueTable swept_of_something = spec.options;
  std::erase_if(swept_of_something, [&](const Member& member) {
    const auto* list = std::get_if<ValueList>(&member.value.data);
    return list != nullptr && list->empty() && std::ranges::find(swept, member.key) != swept.end();
  });
  for (size_t i = 0; i < rounds && !context.mistakes.full(); ++i) {
    const ValueTable written = one_element_each(swept_of_something, swept, i);
    Diagnostics found;
    static_cast<void>(check_options(table, written, option_context, found));
    context.mistakes.add(std::move(found));
  }
}

// `plugn = "local"` is no option of any component: the component's own table could not say what was meant.
bool refuse_misspelt_plugin(ComponentSpec& spec, const std::optional<Component>& component,
                            const std::string& section, Mistakes& mistakes) {
  const std::array known = {std::string("plugin")};
  const auto removed = std::erase_if(spec.options, [&](const Member& option) {
    if (component && find_option(*component->table, option.key) != nullptr) return false;
    if (!nearest_name(option.key, known)) return false;
    unknown_key(option, section, known, mistakes);
    return true;
  });
  return removed > 0;
}

std::optional<ComponentSpec> read_component(const Member& member, const ComponentContext& context) {
  const std::string_view word = word_of(context.kind);
  const std::string section = fmt::format("{} \"{}\"", word, member.key);
  if (!is_name(member.key)) {
    context.mistakes.add(
        member.where, fmt::format("{}: a name has 1 to {} characters of a-z, 0-9, '_', '.' and '-'", section,
                                  kNameBytesMax));
    return std::nullopt;
  }
  const auto* table = std::get_if<ValueTable>(&member.value.data);
  if (table == nullptr) {
    context.mistakes.add(member.value.where, fmt::format("{}: expected a table, [{}.{}], found {}", section,
                                                         word, member.key, type_name(member.value)));
    return std::nullopt;
  }
  ComponentSpec spec{member.key, member.key, {}, member.where};
  for (const Member& option : *table) {
    if (option.key != "plugin") {
      spec.options.push_back(option);
      continue;
    }
    const std::string* id = read_text({option, section, context.mistakes});
    if (id == nullptr) return std::nullopt;
    spec.component = *id;
    spec.where = option.value.where;
  }
  const auto component = context.registry.find(context.kind, spec.component);
  const bool misspelt = refuse_misspelt_plugin(spec, component, section, context.mistakes);
  if (!component) {
    if (!misspelt)
      context.mistakes.add(spec.where, section + ": " + no_such_component(spec.component, context));
    spec.component.clear();
  }
  spec.where = member.where;
  return spec;
}

enum class Mark { fresh, open, done };
struct Visit {
  const std::vector<ComponentSpec>& backends;
  const Registry& registry;
  Mistakes& mistakes;
  std::vector<Mark> marks;
  std::vector<std::string> path;
};

void visit(Visit& state, size_t index, const Location& named_at) {
  const std::string& name = state.backends[index].name;
  if (state.marks[index] == Mark::done) return;
  if (state.marks[index] == Mark::open) {
    std::string cycle;
    for (auto at = std::ranges::find(state.path, name); at != state.path.end(); ++at) cycle += *at + " -> ";
    state.mistakes.add(named_at, fmt::format("backend \"{}\" is built on itself: {}{}", name, cycle, name));
    return;
  }
  state.marks[index] = Mark::open;
  state.path.push_back(name);
  for (const BuiltOn& inner : built_on(state.backends[index], state.registry)) {
    for (size_t i = 0; i < state.backends.size(); ++i) {
      if (state.backends[i].name == inner.backend) visit(state, i, inner.where);
    }
  }
  state.path.pop_back();
  state.marks[index] = Mark::done;
}

}  // namespace

std::vector<BuiltOn> built_on(const ComponentSpec& backend, const Registry& registry) {
  std::vector<BuiltOn> names;
  const auto component = registry.find(COLDLOAD_KIND_BACKEND, backend.component);
  if (!component) return names;
  for (const Member& member : backend.options) {
    const coldload_option* option = find_option(*component->table, member.key);
    if (option == nullptr || option->type != COLDLOAD_OPTION_BACKEND) continue;
    const auto take = [&](const Value& value) {
      if (const auto* name = std::get_if<std::string>(&value.data)) names.push_back({*name, value.where});
    };
    take(member.value);
    if (const auto* elements = std::get_if<ValueList>(&member.value.data))
      std::ranges::for_each(*elements, take);
  }
  return names;
}

const Member* place_option(const ComponentSpec& backend) {
  for (const std::string_view name : {"root", "path", "url"}) {
    const Member* found = find_member(backend.options, name);
    if (found != nullptr && std::holds_alternative<std::string>(found->value.data)) return found;
  }
  return nullptr;
}

std::optional<std::string> model_place(const ComponentSpec& backend, const std::string& base_directory,
                                       const std::string& model_path) {
  const Member* place = place_option(backend);
  if (place == nullptr) return std::nullopt;
  const std::string& written = std::get<std::string>(place->value.data);
  if (place->key == "url") return model_path.empty() ? written : fmt::format("{}/{}", written, model_path);
  std::filesystem::path whole = std::filesystem::path(base_directory) / written;
  if (!model_path.empty()) whole /= model_path;
  return whole.lexically_normal().string();
}

std::vector<std::string> destination_names(const std::vector<ComponentSpec>& declared) {
  std::vector<std::string> names = destination_names();
  for (const ComponentSpec& spec : declared) names.push_back(spec.name);
  return names;
}

std::vector<std::string> names_of(const std::vector<ComponentSpec>& components) {
  std::vector<std::string> names;
  for (const ComponentSpec& component : components) names.push_back(component.name);
  return names;
}

std::vector<ComponentSpec> read_destinations(const Member* section, std::string base_directory,
                                             const Registry& registry, Mistakes& mistakes) {
  std::vector<ComponentSpec> specs =
      read_components(section, {COLDLOAD_KIND_DESTINATION, std::move(base_directory), registry, mistakes});
  const std::vector<std::string> built_in = destination_names();
  for (const ComponentSpec& spec : specs) {
    if (std::ranges::find(built_in, spec.name) == built_in.end()) continue;
    mistakes.add(spec.where, fmt::format("destination \"{}\": this is coldload's own, which needs no table "
                                         "and has no options: choose another name",
                                         spec.name));
  }
  return specs;
}

std::vector<ComponentSpec> read_components(const Member* section, const ComponentContext& context) {
  std::vector<ComponentSpec> specs;
  const ValueTable* table = section == nullptr ? nullptr : table_of(*section, context.mistakes);
  if (table == nullptr) return specs;
  for (const Member& member : *table) {
    if (auto spec = read_component(member, context)) specs.push_back(std::move(*spec));
  }
  const std::vector<std::string> backend_names =
      context.kind == COLDLOAD_KIND_BACKEND ? names_of(specs) : std::vector<std::string>{};
  for (const ComponentSpec& spec : specs) {
    const auto component = context.registry.find(context.kind, spec.component);
    if (component) check_component(spec, *component->table, backend_names, context);
  }
  return specs;
}

void refuse_backend_cycles(const std::vector<ComponentSpec>& backends, const Registry& registry,
                           Mistakes& mistakes) {
  Visit state{backends, registry, mistakes, std::vector<Mark>(backends.size(), Mark::fresh), {}};
  for (size_t i = 0; i < backends.size(); ++i) visit(state, i, backends[i].where);
}

}  // namespace coldload
