#include "core/report/run_csv.hpp"

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include "core/report/csv_writer.hpp"

namespace coldload {
namespace {

constexpr std::string_view kColumns[] = {
    // of the case
    "scenario", "case", "backend", "strategy", "destination", "cache", "emulated", "synthetic", "external",
    "sampled", "direct", "thread_count", "baseline", "case_status", "case_reason",
    // of the run
    "repetition", "sequence", "started_at", "status", "reason", "counted", "disturbed", "proof",
    "proof_valid", "proof_method", "resident_before", "resident_after", "device_ratio", "proof_reason",
    "proof_caveat", "model_bytes", "requested_bytes", "delivered_bytes", "device_bytes", "host_device_bytes",
    "load_ns", "cold_load_ns", "first_start_ns", "checksum"};

// What the runs have of something that not all have, in the order it first appears.
using Names = std::vector<std::string>;

void add_once(Names& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

std::string joined(const std::vector<std::string>& reasons) {
  std::string all;
  for (const std::string& reason : reasons) all += (all.empty() ? "" : "; ") + reason;
  return all;
}

class RunTable {
 public:
  explicit RunTable(const ResultDocument& document) : document_(document) {
    for (const RunRecord& run : document.runs) {
      for (const auto& [phase, duration] : run.phases.ns) add_once(phases_, phase);
      for (const Metric& metric : run.metrics) add_once(metrics_, metric.tag);
      for (const auto& [key, value] : run.evidence) add_once(evidence_, key);
    }
  }

  std::string write() {
    std::vector<std::string> columns(std::begin(kColumns), std::end(kColumns));
    for (const std::string& phase : phases_) columns.push_back("phase." + phase + "_ns");
    for (const std::string& metric : metrics_) columns.push_back("metric." + metric);
    for (const std::string& key : evidence_) columns.push_back("evidence." + key);
    CsvWriter csv(columns);
    for (const RunRecord& run : document_.runs) {
      add_case(csv, run);
      add_run(csv, run);
      add_rest(csv, run);
      csv.end_row();
    }
    return csv.table();
  }

 private:
  void add_case(CsvWriter& csv, const RunRecord& run) const {
    static const CaseRecord kUnknown;
    const auto found = std::ranges::find(document_.cases, run.case_id, &CaseRecord::id);
    const CaseRecord& record = found == document_.cases.end() ? kUnknown : *found;
    csv.text(json::text_or(document_.scenario, "name")).text(run.case_id);
    csv.text(record.backend).text(record.strategy).text(record.destination).text(record.cache);
    csv.boolean(record.emulated).boolean(record.synthetic).boolean(record.external).boolean(record.sampled);
    csv.boolean(record.direct).integer(record.thread_count).text(record.baseline);
    csv.text(to_string(record.status)).text(record.reason);
  }

  static void add_run(CsvWriter& csv, const RunRecord& run) {
    csv.integer(run.repetition).integer(run.sequence).text(run.started_at);
    csv.text(to_string(run.status)).text(run.reason);
    csv.boolean(run.repetition > 0 && run.status == RunStatus::ok && run.proof.valid);
    csv.text(joined(run.disturbed));
    csv.text(to_string(run.proof.kind)).boolean(run.proof.valid).text(run.proof.method);
    add_number_if(csv, run.proof.resident_before);
    add_number_if(csv, run.proof.resident_after);
    add_number_if(csv, run.proof.device_ratio);
    csv.text(run.proof.reason).text(run.proof.caveat);
    csv.integer(run.bytes.model).integer(run.bytes.requested).integer(run.bytes.delivered);
    add_count_if(csv, run.bytes.device);
    add_count_if(csv, run.bytes.host_device);
    // A run that did not get as far as the clock took no time at all, and 0 would be a very good one.
    const bool timed = run.status == RunStatus::ok;
    for (const uint64_t ns : {run.load_ns, run.cold_load_ns, run.first_start_ns}) {
      add_count_if(csv, timed ? std::optional(ns) : std::nullopt);
    }
    csv.text(run.checksum);
  }

  void add_rest(CsvWriter& csv, const RunRecord& run) const {
    for (const std::string& phase : phases_) {
      const auto found =
          std::ranges::find_if(run.phases.ns, [&](const auto& one) { return one.first == phase; });
      add_count_if(csv, found == run.phases.ns.end() ? std::nullopt : std::optional(found->second));
    }
    for (const std::string& tag : metrics_) {
      const Metric* metric = run.metric(tag);
      add_number_if(csv, metric == nullptr ? std::nullopt : std::optional(metric->value));
    }
    for (const std::string& key : evidence_) {
      const auto found =
          std::ranges::find_if(run.evidence, [&](const auto& one) { return one.first == key; });
      if (found == run.evidence.end()) {
        csv.nothing();
      } else if (const auto* boolean = std::get_if<bool>(&found->second)) {
        csv.boolean(*boolean);
      } else if (const auto* integer = std::get_if<int64_t>(&found->second)) {
        csv.number(static_cast<double>(*integer), 0);
      } else {
        csv.text(std::get<std::string>(found->second));
      }
    }
  }

  static void add_count_if(CsvWriter& csv, std::optional<uint64_t> value) {
    if (value) {
      csv.integer(*value);
    } else {
      csv.nothing();
    }
  }

  static void add_number_if(CsvWriter& csv, std::optional<double> value) {
    if (value) {
      csv.number(*value);
    } else {
      csv.nothing();
    }
  }

  const ResultDocument& document_;
  Names phases_;
  Names metrics_;
  Names evidence_;
};

}  // namespace

std::string run_csv(const ResultDocument& document) {
  return RunTable(document).write();
}

}  // namespace coldload
