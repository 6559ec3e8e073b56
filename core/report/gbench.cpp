#include "core/report/gbench.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "core/analyse/case_summary.hpp"
#include "core/statistics/summary.hpp"

namespace coldload {
namespace {

double cpu_ns(const RunRecord& run) {
  double total = 0;
  for (const char* tag : {"cpu_user_ns", "cpu_system_ns"}) {
    if (const Metric* metric = run.metric(tag)) total += metric->value;
  }
  return total;
}

std::string label_of(const CaseAnalysis& analysis) {
  std::string label;
  const auto add = [&label](bool applies, std::string_view word) {
    if (applies) label += (label.empty() ? "" : ", ") + std::string(word);
  };
  add(analysis.record->emulated, "emulated");
  add(analysis.record->synthetic, "synthetic");
  add(analysis.record->external, "external");
  add(analysis.record->sampled, "sampled");
  add(analysis.touches_only, "touches only");
  return label;
}

double median_of(std::vector<double> values) {
  return summarize(values, 1).median;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Of a sample; 0 of a single value, as Google Benchmark has it.
double deviation_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double variation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  return mean == 0 ? 0 : deviation_of(values) / mean;
}

struct Times {
  std::vector<double> real_ms;
  std::vector<double> cpu_ms;
};

class Family {
 public:
  Family(const CaseAnalysis& analysis, size_t index, const ResultDocument& document)
      : analysis_(analysis), index_(index) {
    for (const double seconds : ranked_seconds(document, *analysis.record)) {
      times_.real_ms.push_back(seconds * 1e3);
    }
    for (const RunRecord* run : valid_runs(document, analysis.record->id)) {
      times_.cpu_ms.push_back(cpu_ns(*run) * 1e-6);
    }
  }

  void append_to(json::array& benchmarks) const {
    for (size_t i = 0; i < times_.real_ms.size(); ++i) benchmarks.push_back(iteration(i));
    if (times_.real_ms.size() < 2) return;
    benchmarks.push_back(aggregate("mean", "time", mean_of(times_.real_ms), mean_of(times_.cpu_ms)));
    benchmarks.push_back(aggregate("median", "time", median_of(times_.real_ms), median_of(times_.cpu_ms)));
    benchmarks.push_back(
        aggregate("stddev", "time", deviation_of(times_.real_ms), deviation_of(times_.cpu_ms)));
    benchmarks.push_back(
        aggregate("cv", "percentage", variation_of(times_.real_ms), variation_of(times_.cpu_ms)));
  }

 private:
  [[nodiscard]] json::object common(const std::string& name, std::string_view run_type) const {
    return {{"name", json::utf8(name)},
            {"family_index", index_},
            {"per_family_instance_index", 0},
            {"run_name", json::utf8(analysis_.record->id)},
            {"run_type", run_type},
            {"repetitions", times_.real_ms.size()},
            {"threads", std::max(analysis_.record->thread_count, 1U)}};
  }

  [[nodiscard]] json::object iteration(size_t repetition) const {
    json::object out = common(analysis_.record->id, "iteration");
    out["repetition_index"] = repetition;
    out["iterations"] = 1;
    out["real_time"] = times_.real_ms[repetition];
    out["cpu_time"] = times_.cpu_ms[repetition];
    out["time_unit"] = "ms";
    if (!analysis_.touches_only && times_.real_ms[repetition] > 0) {
      out["bytes_per_second"] =
          static_cast<double>(analysis_.record->model_bytes) / (times_.real_ms[repetition] * 1e-3);
    }
    if (const std::string label = label_of(analysis_); !label.empty()) out["label"] = label;
    return out;
  }

  [[nodiscard]] json::object aggregate(std::string_view name, std::string_view unit, double real,
                                       double cpu) const {
    json::object out = common(fmt::format("{}_{}", analysis_.record->id, name), "aggregate");
    out["aggregate_name"] = name;
    out["aggregate_unit"] = unit;
    out["iterations"] = times_.real_ms.size();
    out["real_time"] = real;
    out["cpu_time"] = cpu;
    out["time_unit"] = "ms";
    if (const std::string label = label_of(analysis_); !label.empty()) out["label"] = label;
    return out;
  }

  const CaseAnalysis& analysis_;
  size_t index_;
  Times times_;
};

json::object context_of(const ResultDocument& document) {
  json::object context{
      {"date", document.started_at},
      {"executable", fmt::format("coldload {}", json::text_or(document.program, "version"))}};
  if (const json::object* cpu = json::object_at(document.environment, "cpu")) {
    context["num_cpus"] = json::unsigned_or(*cpu, "online");
    const std::string_view governor = json::text_or(*cpu, "governor");
    context["cpu_scaling_enabled"] = !governor.empty() && governor != "performance";
  }
  context["scenario"] = json::text_or(document.scenario, "name");
  return context;
}

}  // namespace

json::value gbench_json(const ResultDocument& document) {
  json::array benchmarks;
  size_t index = 0;
  for (const CaseAnalysis& analysis : analyse_cases(document)) {
    // A case that failed shows no figure, whatever runs of it went before.
    if (analysis.record->status != CaseStatus::ok || analysis.valid_count == 0) continue;
    Family(analysis, index++, document).append_to(benchmarks);
  }
  return json::object{{"context", context_of(document)}, {"benchmarks", std::move(benchmarks)}};
}

}  // namespace coldload
