#include "core/plan/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/nearest.hpp"
#include "core/scenario/components.hpp"

namespace coldload {
namespace {

template <typename Variant>
using Variants = std::vector<std::shared_ptr<const Variant>>;

template <typename Variant>
Variants<Variant> shared(std::vector<Variant> variants) {
  Variants<Variant> all;
  for (Variant& variant : variants) all.push_back(std::make_shared<const Variant>(std::move(variant)));
  return all;
}

class Enumerator {
 public:
  Enumerator(const Scenario& scenario, const Registry& registry) : scenario_(scenario), registry_(registry) {}

  std::expected<std::vector<Candidate>, Diagnostics> run() {
    for (size_t i = 0; i < scenario_.comparisons.size() && mistakes_.empty(); ++i) {
      add_comparison(i, scenario_.comparisons[i]);
    }
    if (!mistakes_.empty()) return std::unexpected(std::move(mistakes_));
    return std::move(candidates_);
  }

 private:
  void add_comparison(size_t index, const Comparison& comparison) {
    const auto backends = backend_axis(comparison);
    const auto strategies = strategy_axis(comparison);
    const auto destinations = destination_axis(comparison);
    const bool default_caches = comparison.caches.empty();
    const auto caches =
        default_caches ? std::vector{CacheState::cold, CacheState::first_start} : comparison.caches;
    if (!mistakes_.empty()) return;
    for (const auto& backend : backends) {
      for (const auto& strategy : strategies) {
        for (const auto& destination : destinations) {
          for (const CacheState cache : caches) {
            const bool guess = default_caches && cache == CacheState::first_start;
            add({fmt::format("{}/{}/{}/{}", backend->label, strategy->label, destination->label,
                             to_string(cache)),
                 backend,
                 strategy,
                 destination,
                 cache,
                 guess,
                 {index}});
          }
        }
      }
      if (candidates_.size() > limits::kCasesMax) {
        mistakes_.push_back(
            {comparison.where,
             fmt::format("the comparisons mean more than {} cases; compare less", limits::kCasesMax)});
        return;
      }
    }
  }

  void add(Candidate candidate) {
    const auto [known, fresh] = by_id_.try_emplace(candidate.id, candidates_.size());
    if (fresh) {
      candidates_.push_back(std::move(candidate));
      return;
    }
    Candidate& first = candidates_[known->second];
    first.only_if_staged = first.only_if_staged && candidate.only_if_staged;
    if (first.comparisons.back() != candidate.comparisons.front()) {
      first.comparisons.push_back(candidate.comparisons.front());
    }
  }

  Variants<BackendVariant> backend_axis(const Comparison& comparison) {
    Variants<BackendVariant> axis;
    for (const std::string& name : comparison.backends.empty() ? outer_backends() : comparison.backends) {
      check_known(comparison, "backend", name, names_of(scenario_.backends));
      if (!mistakes_.empty()) return {};
      auto& variants = backends_[name];
      if (variants.empty()) {
        auto expanded = expand_backend(name, scenario_.backends, registry_);
        if (!expanded) {
          mistakes_.push_back(expanded.error());
          return {};
        }
        variants = shared(std::move(*expanded));
      }
      axis.insert(axis.end(), variants.begin(), variants.end());
    }
    return axis;
  }

  Variants<StrategyVariant> strategy_axis(const Comparison& comparison) {
    Variants<StrategyVariant> axis;
    for (const std::string& name :
         comparison.strategies.empty() ? names_of(scenario_.strategies) : comparison.strategies) {
      check_known(comparison, "strategy", name, names_of(scenario_.strategies));
      if (!mistakes_.empty()) return {};
      auto& variants = strategies_[name];
      if (variants.empty()) {
        const auto spec = std::ranges::find(scenario_.strategies, name, &ComponentSpec::name);
        auto expanded = expand_strategy(*spec, registry_);
        if (!expanded) {
          mistakes_.push_back(expanded.error());
          return {};
        }
        variants = shared(std::move(*expanded));
      }
      axis.insert(axis.end(), variants.begin(), variants.end());
    }
    return axis;
  }

  Variants<DestinationVariant> destination_axis(const Comparison& comparison) {
    Variants<DestinationVariant> axis;
    const auto names =
        comparison.destinations.empty() ? std::vector<std::string>{"stream"} : comparison.destinations;
    for (const std::string& name : names) {
      check_known(comparison, "destination", name, destination_names(scenario_.destinations));
      if (!mistakes_.empty()) return {};
      auto& variants = destinations_[name];
      if (variants.empty()) {
        auto expanded = destination_variants(name);
        if (!expanded) {
          mistakes_.push_back(expanded.error());
          return {};
        }
        variants = shared(std::move(*expanded));
      }
      axis.insert(axis.end(), variants.begin(), variants.end());
    }
    return axis;
  }

  std::expected<std::vector<DestinationVariant>, Diagnostic> destination_variants(
      const std::string& name) const {
    const auto spec = std::ranges::find(scenario_.destinations, name, &ComponentSpec::name);
    if (spec == scenario_.destinations.end()) return std::vector<DestinationVariant>{{name, name, {}}};
    return expand_destination(*spec, registry_);
  }

  // A scenario that was read from a file has been checked; one that a program made has not.
  void check_known(const Comparison& comparison, std::string_view word, const std::string& name,
                   const std::vector<std::string>& known) {
    if (std::ranges::find(known, name) != known.end()) return;
    mistakes_.push_back(
        {comparison.where, fmt::format("[[compare]]: no {} \"{}\"{}", word, name, suggestion(name, known))});
  }

  std::vector<std::string> outer_backends() const {
    std::vector<std::string> inner;
    for (const ComponentSpec& backend : scenario_.backends) {
      for (BuiltOn& below : built_on(backend, registry_)) inner.push_back(std::move(below.backend));
    }
    std::vector<std::string> outer = names_of(scenario_.backends);
    std::erase_if(outer,
                  [&](const std::string& name) { return std::ranges::find(inner, name) != inner.end(); });
    return outer;
  }

  const Scenario& scenario_;
  const Registry& registry_;
  Diagnostics mistakes_;
  std::vector<Candidate> candidates_;
  std::unordered_map<std::string, size_t> by_id_;
  std::map<std::string, Variants<BackendVariant>, std::less<>> backends_;
  std::map<std::string, Variants<StrategyVariant>, std::less<>> strategies_;
  std::map<std::string, Variants<DestinationVariant>, std::less<>> destinations_;
};

}  // namespace

std::expected<std::vector<Candidate>, Diagnostics> candidate_cases(const Scenario& scenario,
                                                                   const Registry& registry) {
  return Enumerator(scenario, registry).run();
}

}  // namespace coldload
