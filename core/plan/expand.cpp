#include "core/plan/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "coldload/backend.h"
#include "coldload/destination.h"
#include "coldload/strategy.h"
#include "core/base/limits.hpp"
#include "core/plugin/options.hpp"
#include "core/scenario/components.hpp"

namespace coldload {
namespace {

struct Chosen {
  std::string option;
  std::string value;
};
struct Combination {
  ComponentSpec spec;
  std::vector<Chosen> chosen;
};

std::unexpected<Diagnostic> too_many(const ComponentSpec& spec) {
  return std::unexpected(
      Diagnostic{spec.where, fmt::format("\"{}\": its sweeps mean more than {} cases; sweep fewer values",
                                         spec.name, limits::kCasesMax)});
}

std::expected<std::vector<Combination>, Diagnostic> combinations(const ComponentSpec& spec,
                                                                 std::string_view kind,
                                                                 const Registry& registry) {
  std::vector<Combination> all = {{spec, {}}};
  const auto component = registry.find(kind, spec.component);
  if (!component) return all;
  for (const std::string& option : swept_options(*component->table, spec.options)) {
    const Member* member = find_member(spec.options, option);
    const auto* elements = member == nullptr ? nullptr : std::get_if<ValueList>(&member->value.data);
    if (elements == nullptr || elements->empty()) continue;
    if (all.size() * elements->size() > limits::kCasesMax) return too_many(spec);
    std::vector<Combination> next;
    next.reserve(all.size() * elements->size());
    for (const Combination& combination : all) {
      for (const Value& element : *elements) {
        Combination& one = next.emplace_back(combination);
        for (Member& written : one.spec.options) {
          if (written.key == option) written.value = element;
        }
        one.chosen.push_back({option, to_string(element)});
      }
    }
    all = std::move(next);
  }
  return all;
}

std::string suffix(const std::vector<Chosen>& chosen, const std::string& owner) {
  std::string text;
  for (const Chosen& one : chosen) text += fmt::format(",{}{}={}", owner, one.option, one.value);
  return text;
}

class ChainExpander {
 public:
  ChainExpander(const std::vector<ComponentSpec>& backends, const Registry& registry)
      : backends_(backends), registry_(registry) {}

  // `below` with `name` and what it is built on added, in every way there is. A label holds only suffixes
  // here.
  std::expected<std::vector<BackendVariant>, Diagnostic> add(const BackendVariant& below,
                                                             std::string_view name, bool outermost) const {
    const auto is_it = [&](const ComponentSpec& spec) { return spec.name == name; };
    if (std::ranges::any_of(below.chain, is_it)) return std::vector{below};
    const auto spec = std::ranges::find_if(backends_, is_it);
    if (spec == backends_.end()) {
      return std::unexpected(Diagnostic{{}, fmt::format("no backend \"{}\"", name)});
    }
    const auto own = combinations(*spec, COLDLOAD_KIND_BACKEND, registry_);
    if (!own) return std::unexpected(own.error());
    std::vector<BackendVariant> all;
    for (const Combination& combination : *own) {
      auto inner = add_inner(below, combination.spec);
      if (!inner) return inner;
      for (BackendVariant& variant : *inner) {
        variant.chain.push_back(combination.spec);
        variant.label = outermost ? fmt::format("{}{}{}", name, suffix(combination.chosen, ""), variant.label)
                                  : variant.label + suffix(combination.chosen, fmt::format("{}.", name));
        all.push_back(std::move(variant));
      }
      if (all.size() > limits::kCasesMax) return too_many(*spec);
    }
    return all;
  }

 private:
  std::expected<std::vector<BackendVariant>, Diagnostic> add_inner(const BackendVariant& below,
                                                                   const ComponentSpec& spec) const {
    std::vector<BackendVariant> all = {below};
    for (const BuiltOn& inner : built_on(spec, registry_)) {
      std::vector<BackendVariant> next;
      for (const BackendVariant& variant : all) {
        auto added = add(variant, inner.backend, false);
        if (!added) return added;
        std::ranges::move(*added, std::back_inserter(next));
        if (next.size() > limits::kCasesMax) return too_many(spec);
      }
      all = std::move(next);
    }
    return all;
  }

  const std::vector<ComponentSpec>& backends_;
  const Registry& registry_;
};

}  // namespace

std::expected<std::vector<StrategyVariant>, Diagnostic> expand_strategy(const ComponentSpec& strategy,
                                                                        const Registry& registry) {
  auto all = combinations(strategy, COLDLOAD_KIND_STRATEGY, registry);
  if (!all) return std::unexpected(all.error());
  std::vector<StrategyVariant> variants;
  for (Combination& one : *all) {
    variants.push_back({strategy.name + suffix(one.chosen, ""), std::move(one.spec)});
  }
  return variants;
}

std::expected<std::vector<DestinationVariant>, Diagnostic> expand_destination(
    const ComponentSpec& destination, const Registry& registry) {
  auto all = combinations(destination, COLDLOAD_KIND_DESTINATION, registry);
  if (!all) return std::unexpected(all.error());
  std::vector<DestinationVariant> variants;
  for (Combination& one : *all) {
    variants.push_back({destination.name + suffix(one.chosen, ""), destination.name, std::move(one.spec)});
  }
  return variants;
}

std::expected<std::vector<BackendVariant>, Diagnostic> expand_backend(
    std::string_view name, const std::vector<ComponentSpec>& backends, const Registry& registry) {
  return ChainExpander(backends, registry).add({}, name, true);
}

}  // namespace coldload
