#include "core/run/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "coldload/strategy.h"
#include "core/plan/candidates.hpp"
#include "core/plugin/options.hpp"
#include "core/run/ask.hpp"

namespace coldload {
namespace {

bool has_required_option(const coldload_component& component) {
  for (uint32_t i = 0; i < component.option_count; ++i) {
    if ((option_at(component, i).flags & COLDLOAD_OPTION_REQUIRED) != 0) return true;
  }
  return false;
}

bool runs_programs(const Registry& registry, std::string_view kind, const ComponentSpec& spec) {
  const auto component = registry.find(kind, spec.component);
  return component && (component->table->flags & COLDLOAD_COMPONENT_RUNS_PROGRAMS) != 0;
}

// Nothing is started that the command line has not allowed.
Fact not_asked(const std::string& subject) {
  return {subject, FactLevel::ok,
          "runs programs of its own, so it was not asked; a run needs --allow-commands", "", ""};
}

class Collector {
 public:
  Collector(Supervisor& supervisor, const Registry& registry, const Scenario& scenario,
            const AskingCallback& asking)
      : supervisor_(supervisor), registry_(registry), scenario_(scenario), asking_(asking) {}

  void backend(const BackendVariant& variant, bool warm, bool host) {
    const ComponentSpec& outermost = variant.chain.back();
    const std::string subject = "backend " + outermost.name;
    const bool programs = std::ranges::any_of(variant.chain, [&](const ComponentSpec& spec) {
      return runs_programs(registry_, COLDLOAD_KIND_BACKEND, spec);
    });
    if (programs) return add({not_asked(subject)});
    WorkerRequest request;
    request.base_directory = scenario_.base_directory;
    request.backend = variant.chain;
    request.model_path = scenario_.model.path_on(outermost.name);
    if (warm) request.cache = CacheState::warm;
    if (host) request.destination = "host";
    const Facts told = ask(std::move(request), subject);
    // Who does not answer is not asked twice.
    if (std::ranges::none_of(told, [](const Fact& fact) { return fact.level == FactLevel::error; })) {
      add_missing_parts(variant, subject);
    }
  }

  void strategy(const StrategyVariant& variant) {
    const std::string subject = "strategy " + variant.spec.name;
    if (runs_programs(registry_, COLDLOAD_KIND_STRATEGY, variant.spec)) return add({not_asked(subject)});
    WorkerRequest request;
    request.base_directory = scenario_.base_directory;
    request.strategy = variant.spec;
    (void)ask(std::move(request), subject);
  }

  [[nodiscard]] bool stopped() const { return supervisor_.interrupt().pending(); }
  [[nodiscard]] Facts take() { return std::move(facts_); }

 private:
  Facts ask(WorkerRequest request, const std::string& subject) {
    asking_(subject);
    Facts told = diagnose_in_worker(supervisor_, registry_, std::move(request), subject);
    add(told);
    return told;
  }

  // A model of which a part is missing; why else it cannot be listed is a fact already.
  void add_missing_parts(const BackendVariant& variant, const std::string& subject) {
    const std::string& path = scenario_.model.path_on(variant.chain.back().name);
    const auto survey =
        make_surveyor(supervisor_, registry_)({variant.chain, {}, path, scenario_.base_directory});
    if (survey || survey.error().status != Status::integrity) return;
    add({{subject, FactLevel::error, fmt::format("model \"{}\": not whole", path), survey.error().message,
          "fetch what is missing; or take away what is there and `coldload provision FILE`"}});
  }

  // Sweeps, and chains with a backend in common, tell the same thing twice.
  void add(const Facts& facts) {
    for (const Fact& fact : facts) {
      if (std::ranges::find(facts_, fact) == facts_.end()) facts_.push_back(fact);
    }
  }

  Supervisor& supervisor_;
  const Registry& registry_;
  const Scenario& scenario_;
  const AskingCallback& asking_;
  Facts facts_;
};

struct Uses {
  bool warm = false;
  bool host = false;
};

}  // namespace

Facts facts_of_plugins(Supervisor& supervisor, const Registry& registry) {
  Facts all;
  for (const Component& component : registry.components(COLDLOAD_KIND_STRATEGY)) {
    const std::string id = component.table->id;
    const ComponentSpec spec{id, id, {}, {}};
    if (has_required_option(*component.table) || runs_programs(registry, COLDLOAD_KIND_STRATEGY, spec))
      continue;
    if (supervisor.interrupt().pending()) return all;
    WorkerRequest request;
    request.strategy = spec;
    const Facts facts = diagnose_in_worker(supervisor, registry, std::move(request), "strategy " + id);
    // The first says that its options are valid, which they are without any.
    const size_t own = !facts.empty() && facts.front().level == FactLevel::ok ? 1 : 0;
    all.insert(all.end(), facts.begin() + static_cast<ptrdiff_t>(own), facts.end());
  }
  return all;
}

std::expected<Facts, Diagnostics> facts_of_scenario(Supervisor& supervisor, const Registry& registry,
                                                    const Scenario& scenario, const AskingCallback& asking) {
  const auto candidates = candidate_cases(scenario, registry);
  if (!candidates) return std::unexpected(candidates.error());
  std::map<std::string, Uses> uses;
  for (const Candidate& candidate : *candidates) {
    Uses& each = uses[candidate.backend->label];
    each.warm = each.warm || candidate.cache == CacheState::warm;
    each.host = each.host || candidate.destination->name == "host";
  }
  Collector collector(supervisor, registry, scenario, asking);
  std::set<std::string> done;
  for (const Candidate& candidate : *candidates) {
    if (collector.stopped()) break;
    if (!done.insert(candidate.backend->label).second) continue;
    const Uses& use = uses[candidate.backend->label];
    collector.backend(*candidate.backend, use.warm, use.host);
  }
  done.clear();
  for (const Candidate& candidate : *candidates) {
    if (collector.stopped()) break;
    if (done.insert(candidate.strategy->label).second) collector.strategy(*candidate.strategy);
  }
  return collector.take();
}

}  // namespace coldload
