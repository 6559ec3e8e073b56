// [[compare]]: which backends, strategies, destinations and cache states.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "core/scenario/components.hpp"
#include "core/scenario/read.hpp"

namespace coldload {
namespace {

struct Axis {
  std::string_view word;
  std::vector<std::string> known;
  std::unordered_set<std::string> lookup;
};

Axis axis(std::string_view word, std::vector<std::string> known) {
  std::unordered_set<std::string> lookup(known.begin(), known.end());
  return {word, std::move(known), std::move(lookup)};
}

struct ComparisonReading {
  Comparison comparison;
  const Axis* backends = nullptr;
  const Axis* strategies = nullptr;
  const Axis* destinations = nullptr;
};

std::vector<std::string> read_axis(const Slot& slot, const Axis& axis) {
  std::vector<std::string> names;
  for (LocatedText& name : read_texts(slot)) {
    if (axis.lookup.contains(name.text)) {
      names.push_back(std::move(name.text));
      continue;
    }
    const std::string near = slot.mistakes.full() ? "" : suggestion(name.text, axis.known);
    slot.mistakes.add(name.where,
                      fmt::format("{}: no {} \"{}\"{}", slot.section, axis.word, name.text, near));
  }
  return names;
}

constexpr std::array<Key<ComparisonReading>, 5> kCompareKeys = {{
    {"backend", [](const Slot& slot,
                   ComparisonReading& out) { out.comparison.backends = read_axis(slot, *out.backends); }},
    {"strategy",
     [](const Slot& slot, ComparisonReading& out) {
       out.comparison.strategies = read_axis(slot, *out.strategies);
     }},
    {"destination",
     [](const Slot& slot, ComparisonReading& out) {
       out.comparison.destinations = read_axis(slot, *out.destinations);
     }},
    {"cache",
     [](const Slot& slot, ComparisonReading& out) {
       for (const std::string& name : read_axis(slot, axis("cache state", cache_state_names()))) {
         if (const auto state = cache_state_from(name)) out.comparison.caches.push_back(*state);
       }
     }},
    {"baseline",
     [](const Slot& slot, ComparisonReading& out) {
       const std::string* glob = read_text(slot);
       if (glob != nullptr && glob->empty()) return slot.expected("a glob over case ids");
       if (glob != nullptr) out.comparison.baseline = *glob;
       out.comparison.baseline_where = slot.member.where;
     }},
}};

}  // namespace

std::vector<Comparison> read_comparisons(const Member& section, const std::vector<ComponentSpec>& backends,
                                         const std::vector<ComponentSpec>& strategies,
                                         const std::vector<ComponentSpec>& destinations, Mistakes& mistakes) {
  const Axis backend_axis = axis("backend", names_of(backends));
  const Axis strategy_axis = axis("strategy", names_of(strategies));
  const Axis destination_axis = axis("destination", destination_names(destinations));
  std::vector<Comparison> comparisons;
  for (const Value* entry : array_of_tables(section, mistakes)) {
    ComparisonReading reading{{}, &backend_axis, &strategy_axis, &destination_axis};
    reading.comparison.where = entry->where;
    read_table(std::get<ValueTable>(entry->data), "[[compare]]", kCompareKeys, reading, mistakes);
    comparisons.push_back(std::move(reading.comparison));
  }
  return comparisons;
}

}  // namespace coldload
