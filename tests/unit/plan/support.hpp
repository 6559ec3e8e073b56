// Scenarios, and functions that answer for the child processes which would ask backends.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/plan.hpp"
#include "core/scenario/parse.hpp"

namespace coldload {

inline const Registry& test_registry() {
  static const Registry registry = Registry::load({COLDLOAD_TESTS_COMPONENTS});
  return registry;
}

// Line 1 to 3; what follows starts on line 4.
inline Scenario scenario_of(std::string_view rest) {
  const std::string text = "schema = 1\n[model]\npath = \"m\"\n" + std::string(rest);
  auto scenario = parse_scenario(text, "x.toml", "/scenarios", test_registry());
  if (scenario) return std::move(*scenario);
  for (const Diagnostic& diagnostic : scenario.error()) ADD_FAILURE() << to_string(diagnostic);
  return {};
}

inline constexpr std::string_view kNvme = "[backend.nvme]\nplugin = \"local\"\nroot = \"/mnt/nvme\"\n";
inline constexpr std::string_view kLake = "[backend.lake]\nplugin = \"s3\"\nurl = \"s3://m\"\n";
inline constexpr std::string_view kStaged =
    "[backend.near]\nplugin = \"staged\"\nsource = \"lake\"\ntarget = \"nvme\"\n";

inline std::string operator+(std::string_view a, std::string_view b) {
  return std::string(a).append(b);
}

inline constexpr uint32_t kFileCapabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD | COLDLOAD_CAN_MAP |
                                              COLDLOAD_CAN_DIRECT | COLDLOAD_CAN_PATH | COLDLOAD_CAN_EVICT |
                                              COLDLOAD_CAN_RESIDENCY;

// Two shards and an index; a backend "near" stages, a strategy reads in 1 MiB chunks with eight in flight.
inline Survey usual_survey(const SurveyRequest& request) {
  Survey survey;
  survey.objects = {{"m/model-1.safetensors", 3'000'000},
                    {"m/model-2.safetensors", 1'000'000},
                    {"m/model.safetensors.index.json", 500}};
  survey.capabilities = kFileCapabilities;
  survey.needs_capabilities = COLDLOAD_CAN_READ_AT;
  survey.buffer_bytes = 1'048'576;
  survey.buffers_in_flight = 8;
  survey.stages = request.backend.back().component == "staged";
  return survey;
}

inline PlanOptions usual_options() {
  PlanOptions options;
  options.limits = {16'000'000'000, "MemAvailable"};
  return options;
}

inline std::expected<Plan, Diagnostics> plan_of(const Scenario& scenario, const Surveyor& surveyor,
                                                const PlanOptions& options = usual_options()) {
  return make_plan(scenario, test_registry(), surveyor, options);
}

inline std::expected<Plan, Diagnostics> plan_of(std::string_view rest,
                                                const PlanOptions& options = usual_options()) {
  return plan_of(
      scenario_of(rest), [](const SurveyRequest& request) { return usual_survey(request); }, options);
}

inline std::vector<std::string> ids_of(const std::expected<Plan, Diagnostics>& plan) {
  std::vector<std::string> ids;
  if (!plan) {
    for (const Diagnostic& diagnostic : plan.error()) ADD_FAILURE() << to_string(diagnostic);
    return ids;
  }
  for (const Case& subject : plan->cases) ids.push_back(subject.id);
  return ids;
}

inline std::vector<std::string> mistakes_of(const std::expected<Plan, Diagnostics>& plan) {
  std::vector<std::string> lines;
  if (plan) return lines;
  for (const Diagnostic& diagnostic : plan.error()) lines.push_back(to_string(diagnostic));
  return lines;
}

}  // namespace coldload
