#include "core/analyse/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace coldload {
namespace {

// A component's metric of that name, whoever the component is.
const Metric* metric_named(const RunRecord& run, std::string_view name) {
  const auto found = std::ranges::find_if(run.metrics, [&](const Metric& metric) {
    const size_t slash = metric.tag.rfind('/');
    return slash != std::string::npos && std::string_view(metric.tag).substr(slash + 1) == name;
  });
  return found == run.metrics.end() ? nullptr : &*found;
}

struct Ready {
  double ready_s = 0;
  double weights_s = 0;
};

std::optional<Ready> ready_of(const ResultDocument& document, const CaseRecord& record) {
  std::vector<double> ready;
  std::vector<double> weights;
  for (const RunRecord* run : valid_runs(document, record.id)) {
    const Metric* took = metric_named(*run, "weights_ns");
    if (took == nullptr) continue;
    ready.push_back(static_cast<double>(run->load_ns) * 1e-9);
    weights.push_back(took->value * 1e-9);
  }
  if (ready.empty()) return std::nullopt;
  return Ready{summarize(ready, 1).median, summarize(weights, 1).median};
}

bool option_is(const CaseRecord& record, std::string_view option, const json::value& wanted) {
  const json::value* value = option_value(record, "strategy", option);
  return value != nullptr && *value == wanted;
}

uint64_t option_number(const CaseRecord& record, std::string_view option) {
  const json::value* value = option_value(record, "strategy", option);
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<uint64_t>();
}

std::vector<std::string_view> service_arguments(const ResultDocument& document) {
  std::vector<std::string_view> arguments;
  const json::object* service = json::object_at(document.scenario, "service");
  const json::array* argv = service == nullptr ? nullptr : json::array_at(*service, "argv");
  if (argv == nullptr) return arguments;
  for (const json::value& argument : *argv) {
    if (argument.is_string()) arguments.emplace_back(argument.get_string());
  }
  return arguments;
}

}  // namespace

bool leaves_the_loader_open(const ResultDocument& document) {
  const auto arguments = service_arguments(document);
  const auto is_vllm = [](std::string_view argument) {
    // The program, or the module that `python3 -m` runs.
    return argument == "vllm" || argument.ends_with("/vllm") || argument.starts_with("vllm.");
  };
  const auto chooses = [](std::string_view argument) {
    return argument.starts_with("--load-format") || argument.starts_with("--safetensors-load-strategy");
  };
  return std::ranges::any_of(arguments, is_vllm) && std::ranges::none_of(arguments, chooses);
}

EngineStart engine_start_of(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses) {
  EngineStart start;
  for (const CaseAnalysis& analysis : analyses) {
    const CaseRecord& record = *analysis.record;
    if (!record.external || record.status != CaseStatus::ok || record.emulated) continue;
    const auto ready = ready_of(document, record);
    if (!ready || ready->ready_s <= 0 || ready->weights_s > ready->ready_s) continue;
    start.seconds = ready->ready_s - ready->weights_s;
    start.weights_share = ready->weights_s / ready->ready_s;
    start.basis = record.id;
    return start;
  }
  const json::object* policy = json::object_at(document.scenario, "policy");
  if (policy != nullptr && policy->contains("engine_start_ns")) {
    start.seconds = json::number_or(*policy, "engine_start_ns") * 1e-9;
    start.basis = "scenario.policy";
  }
  return start;
}

std::vector<std::string> engine_flags_of(const CaseRecord& record) {
  const std::vector<std::string> strategy = {"--load-format", "safetensors", "--safetensors-load-strategy"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> flags = strategy;
    std::ranges::move(more, std::back_inserter(flags));
    return flags;
  };
  if (record.strategy_plugin == "sequential" && option_is(record, "whole_file", true) &&
      !option_is(record, "direct", true)) {
    return with({"eager"});
  }
  if (record.strategy_plugin != "mmap" || !option_is(record, "order", "name")) return {};
  const uint64_t threads = option_number(record, "prefetch_threads");
  if (threads == 0) return with({"lazy"});
  return with({"prefetch", "--safetensors-prefetch-num-threads", fmt::format("{}", threads),
               "--safetensors-prefetch-block-size",
               fmt::format("{}", option_number(record, "prefetch_block"))});
}

}  // namespace coldload
