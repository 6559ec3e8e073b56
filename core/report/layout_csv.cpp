#include "core/report/layout_csv.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "core/report/csv_writer.hpp"

namespace coldload {
namespace {

const std::vector<std::string>& columns() {
  static const std::vector<std::string> kColumns = {"run_id",
                                                    "storage_mode",
                                                    "model",
                                                    "max_model_len",
                                                    "load_s",
                                                    "gpu_mem_used_mb",
                                                    "notes",
                                                    "case",
                                                    "backend",
                                                    "strategy",
                                                    "destination",
                                                    "cache",
                                                    "status",
                                                    "runs_valid",
                                                    "runs_attempted",
                                                    "prepare_s",
                                                    "cold_load_s",
                                                    "cold_load_low_s",
                                                    "cold_load_high_s",
                                                    "first_start_s",
                                                    "gb_per_s",
                                                    "proof",
                                                    "disturbed_runs",
                                                    "emulated",
                                                    "synthetic",
                                                    "sampled",
                                                    "external",
                                                    "model_bytes",
                                                    "against_baseline",
                                                    "ceiling_share"};
  return kColumns;
}

using Take = std::function<std::optional<double>(const RunRecord&)>;

std::optional<double> median_of(const ResultDocument& document, const CaseRecord& record, const Take& take) {
  std::vector<double> values;
  for (const RunRecord* run : valid_runs(document, record.id)) {
    if (const auto value = take(*run)) values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  return summarize(values, 1).median;
}

// What `--max-model-len` of the scenario's service says.
std::string max_model_len(const ResultDocument& document) {
  const json::object* service = json::object_at(document.scenario, "service");
  const json::array* argv = service == nullptr ? nullptr : json::array_at(*service, "argv");
  if (argv == nullptr) return {};
  constexpr std::string_view kFlag = "--max-model-len";
  for (size_t i = 0; i < argv->size(); ++i) {
    if (!(*argv)[i].is_string()) continue;
    const std::string_view argument = (*argv)[i].get_string();
    if (argument.starts_with(kFlag) && argument.size() > kFlag.size() + 1) {
      return std::string(argument.substr(kFlag.size() + 1));
    }
    if (argument == kFlag && i + 1 < argv->size() && (*argv)[i + 1].is_string()) {
      return std::string((*argv)[i + 1].get_string());
    }
  }
  return {};
}

class Rows {
 public:
  explicit Rows(const Report& report) : report_(report), document_(*report.document), csv_(columns()) {}

  std::string write() {
    for (const CaseAnalysis& analysis : report_.cases) add(analysis);
    return csv_.table();
  }

 private:
  void add(const CaseAnalysis& analysis) {
    const CaseRecord& record = *analysis.record;
    const bool measured = record.status == CaseStatus::ok && analysis.valid_count != 0;
    const BackendRecord* backend = document_.backend(record.backend);
    csv_.text(report_.run_id)
        .text(to_string(backend == nullptr ? StorageKind::unknown : backend->storage))
        .text(json::text_or(document_.scenario, "model_path"))
        .text(max_model_len(document_));
    seconds(measured, record, [](const RunRecord& run) { return static_cast<double>(run.load_ns) * 1e-9; });
    gpu_memory(record);
    csv_.text(notes_of_case(analysis)).text(record.id).text(record.backend).text(record.strategy);
    csv_.text(record.destination).text(record.cache).text(to_string(record.status));
    csv_.integer(analysis.valid_count).integer(analysis.attempted_count);
    add_times(analysis, measured);
    csv_.text(analysis.proof_label).integer(analysis.disturbed_count);
    csv_.boolean(record.emulated).boolean(record.synthetic).boolean(record.sampled).boolean(record.external);
    csv_.integer(record.model_bytes);
    ratio(analysis.against_baseline && analysis.against_baseline->ratio > 0
              ? std::optional(analysis.against_baseline->ratio)
              : std::nullopt);
    ratio(analysis.ceiling ? std::optional(analysis.ceiling->share) : std::nullopt);
    csv_.end_row();
  }

  void add_times(const CaseAnalysis& analysis, bool measured) {
    const CaseRecord& record = *analysis.record;
    seconds(measured, record, [](const RunRecord& run) -> std::optional<double> {
      const uint64_t prepare = run.phases.get("prepare");
      return prepare == 0 ? std::nullopt : std::optional(static_cast<double>(prepare) * 1e-9);
    });
    seconds(measured, record,
            [](const RunRecord& run) { return static_cast<double>(run.cold_load_ns) * 1e-9; });
    // Of a first start the interval is of the first start's time, which is another column's.
    const bool interval = measured && record.cache != "first-start" && analysis.cold_load.count > 1;
    bound(interval, analysis.cold_load.median_interval.low);
    bound(interval, analysis.cold_load.median_interval.high);
    seconds(measured && record.cache == "first-start", record,
            [](const RunRecord& run) { return static_cast<double>(run.first_start_ns) * 1e-9; });
    bound(measured && analysis.bytes_per_second > 0, analysis.bytes_per_second * 1e-9);
  }

  void seconds(bool measured, const CaseRecord& record, const Take& take) {
    const auto value = measured ? median_of(document_, record, take) : std::nullopt;
    bound(value.has_value(), value.value_or(0));
  }
  void bound(bool known, double value) { known ? csv_.number(value, 6) : csv_.nothing(); }
  void ratio(const std::optional<double>& value) { bound(value.has_value(), value.value_or(0)); }

  void gpu_memory(const CaseRecord& record) {
    const auto bytes = median_of(document_, record, [](const RunRecord& run) -> std::optional<double> {
      for (const Metric& metric : run.metrics) {
        if (metric.tag.ends_with("/gpu_memory_used_bytes")) return metric.value;
      }
      return std::nullopt;
    });
    if (bytes) {
      csv_.number(*bytes * 1e-6, 0);
    } else {
      csv_.nothing();
    }
  }

  static std::string notes_of_case(const CaseAnalysis& analysis) {
    std::vector<std::string> notes = analysis.notes;
    if (analysis.record->status != CaseStatus::ok) notes.push_back(analysis.record->reason);
    return fmt::format("{}", fmt::join(notes, "; "));
  }

  const Report& report_;
  const ResultDocument& document_;
  CsvWriter csv_;
};

}  // namespace

std::string render_layout_csv(const Report& report) {
  return Rows(report).write();
}

}  // namespace coldload
