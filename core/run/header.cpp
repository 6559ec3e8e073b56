#include "core/run/header.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "coldload/backend.h"
#include "coldload/destination.h"
#include "coldload/strategy.h"
#include "core/plugin/plugin_list.hpp"
#include "core/record/environment.hpp"
#include "core/record/mount.hpp"
#include "core/run/header_backends.hpp"

namespace coldload {
namespace {

json::value option_to_json(const EffectiveOption& option) {
  json::value value;
  switch (option.type) {
    case COLDLOAD_OPTION_BOOL:
      value = option.integer != 0;
      break;
    case COLDLOAD_OPTION_INT:
      value = option.integer;
      break;
    case COLDLOAD_OPTION_FLOAT:
      value = json::number(option.real);
      break;
    case COLDLOAD_OPTION_BYTES:
    case COLDLOAD_OPTION_DURATION:
    case COLDLOAD_OPTION_RATE:
      value = option.quantity;
      break;
    default:
      value = json::value(json::utf8(option.shown));
      break;
  }
  return json::object{{"value", std::move(value)},
                      {"written", json::utf8(option.shown)},
                      {"source", option.source == OptionSource::written ? "scenario" : "default"}};
}

json::object options_to_json(const EffectiveOptions& options) {
  json::object out;
  for (const EffectiveOption& option : options) out[option.name] = option_to_json(option);
  return out;
}

// Nobody asked the destination's worker yet: the table alone tells what it will get.
json::object destination_options(const ComponentSpec& spec, const Plan& plan, const Registry& registry) {
  const auto component = registry.find(COLDLOAD_KIND_DESTINATION, spec.component);
  if (!component) return {};
  Diagnostics mistakes;  // of a scenario that was checked: none
  const OptionContext context{.subject = spec.name,
                              .where = spec.where,
                              .backend_names = {},
                              .base_directory = plan.scenario.base_directory};
  return options_to_json(check_options(*component->table, spec.options, context, mistakes));
}

CaseRecord case_record(const Case& planned, const Plan& plan, const Registry& registry) {
  CaseRecord record;
  record.id = planned.id;
  record.backend = planned.backend.empty() ? "" : planned.backend.back().name;
  record.strategy = planned.strategy.name;
  record.strategy_plugin = planned.strategy.component;
  record.destination = planned.destination;
  record.cache = to_string(planned.cache);
  record.options = {{"backend", options_to_json(planned.survey.backend_options)},
                    {"strategy", options_to_json(planned.survey.strategy_options)}};
  if (planned.destination_plugin) {
    record.options["destination"] = destination_options(*planned.destination_plugin, plan, registry);
  }
  record.emulated = planned.survey.emulated;
  record.synthetic = planned.survey.synthetic;
  record.external = planned.survey.external;
  record.sampled = planned.sampled;
  record.direct = planned.is_direct();
  record.thread_count = planned.survey.thread_count;
  record.baseline = planned.baseline_id;
  record.model_bytes = planned.item_bytes();
  if (planned.skip_reason) {
    record.status = CaseStatus::skipped;
    record.reason = *planned.skip_reason;
  }
  return record;
}

json::object policy_to_json(const Policy& policy) {
  json::object out;
  if (policy.user_facing_ns) out["user_facing_ns"] = *policy.user_facing_ns;
  if (policy.internal_ns) out["internal_ns"] = *policy.internal_ns;
  if (policy.dev_test_ns) out["dev_test_ns"] = *policy.dev_test_ns;
  if (policy.engine_start_ns) out["engine_start_ns"] = *policy.engine_start_ns;
  if (policy.restarts_per_day) out["restarts_per_day"] = *policy.restarts_per_day;
  return out;
}

json::object service_to_json(const Service& service) {
  json::array argv;
  for (const std::string& argument : service.argv) argv.emplace_back(json::utf8(argument));
  json::object out{{"argv", std::move(argv)}};
  if (service.port != 0) out["port"] = service.port;
  if (!service.health.empty()) out["health"] = json::utf8(service.health);
  if (service.ready_timeout_ns) out["ready_timeout_ns"] = *service.ready_timeout_ns;
  return out;
}

json::object scenario_to_json(const Plan& plan) {
  const Scenario& scenario = plan.scenario;
  const RunSettings& run = scenario.run;
  json::object settings{{"repetitions_min", run.repetitions_min},
                        {"repetitions_max", run.repetitions_max},
                        {"seed", run.seed},
                        {"verify", run.verify == Verify::off         ? "off"
                                   : run.verify == Verify::each_case ? "case"
                                                                     : "backend"},
                        {"pool_bytes", run.pool_bytes},
                        {"probe", run.probe},
                        {"quiet", run.require_quiet}};
  if (run.until_ci) settings["until_ci"] = *run.until_ci;
  if (run.budget_ns) settings["budget_ns"] = *run.budget_ns;
  if (run.sample_bytes) settings["sample_bytes"] = *run.sample_bytes;
  if (run.timeout_ns) settings["timeout_ns"] = *run.timeout_ns;
  if (run.max_bandwidth) settings["max_bandwidth"] = *run.max_bandwidth;
  json::object out{{"name", scenario.name},
                   {"file", json::utf8(scenario.file)},
                   {"text", json::utf8(scenario.text)},
                   {"model_path", json::utf8(scenario.model.path)},
                   {"model_bytes", plan.model_bytes},
                   {"loaded_bytes", plan.loaded_bytes},
                   {"run", std::move(settings)}};
  if (!scenario.expectations.empty()) out["expectation_count"] = scenario.expectations.size();
  if (scenario.policy) out["policy"] = policy_to_json(*scenario.policy);
  if (scenario.service) out["service"] = service_to_json(*scenario.service);
  return out;
}

// The mounts that backends' directories lie on: what "local" meant on this machine.
json::array mounts_to_json(const std::vector<BackendRecord>& backends) {
  json::array mounts;
  for (const BackendRecord& backend : backends) {
    if (!backend.location.starts_with('/')) continue;
    const auto mount = mount_of(backend.location);
    if (!mount) continue;
    json::value described = to_json(*mount);
    described.as_object()["backend"] = backend.name;
    mounts.push_back(std::move(described));
  }
  return mounts;
}

}  // namespace

ResultDocument document_header(const Plan& plan, const Registry& registry, const std::string& version) {
  ResultDocument document;
  document.program = {{"name", "coldload"},
                      {"version", version},
                      {"abi", fmt::format("{}.{}", COLDLOAD_ABI_MAJOR, COLDLOAD_ABI_MINOR)}};
  document.scenario = scenario_to_json(plan);
  document.environment = environment_to_json();
  document.plugins = plugin_identities(registry);
  document.backends = backend_records(plan, registry);
  document.environment["mounts"] = mounts_to_json(document.backends);
  for (const Case& planned : plan.cases) document.cases.push_back(case_record(planned, plan, registry));
  document.started_at = utc_now();
  return document;
}

std::vector<std::string> plugin_files_for(const Registry& registry, const BackendChain& backend,
                                          const ComponentSpec& strategy,
                                          const std::optional<ComponentSpec>& destination) {
  std::vector<std::string> files;
  const auto add = [&](std::string_view kind, const std::string& id) {
    const auto component = registry.find(kind, id);
    if (!component) return;
    const std::string file = component->file.string();
    if (std::ranges::find(files, file) == files.end()) files.push_back(file);
  };
  for (const ComponentSpec& spec : backend) add(COLDLOAD_KIND_BACKEND, spec.component);
  add(COLDLOAD_KIND_STRATEGY, strategy.component);
  if (destination) add(COLDLOAD_KIND_DESTINATION, destination->component);
  return files;
}

}  // namespace coldload
