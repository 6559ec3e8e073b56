#include "core/analyse/case_summary.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include "core/analyse/notes.hpp"
#include "core/statistics/random.hpp"

namespace coldload {
namespace {

// A case where staging is part of what is asked is judged by it.
double seconds_of(const CaseRecord& record, const RunRecord& run) {
  const uint64_t ns = record.cache == "first-start" ? run.first_start_ns : run.cold_load_ns;
  return static_cast<double>(ns) * 1e-9;
}

// Kinds in the order they appear, each once.
void add_kind(std::string& label, ProofKind kind) {
  const std::string_view name = to_string(kind);
  size_t at = 0;
  while ((at = label.find(name, at)) != std::string::npos) {
    const size_t end = at + name.size();
    const bool begins = at == 0 || label[at - 1] == ' ';
    if (begins && (end == label.size() || label[end] == ',')) return;
    at = end;
  }
  if (!label.empty()) label += ", ";
  label += name;
}

// Nearer to the limit than this, a run is taken to have kept to it.
constexpr double kNearLimit = 0.9;

// Whether the median run loaded, or copied, as fast as it was allowed to.
bool is_held_back(const ResultDocument& document, const CaseRecord& record) {
  const json::object* run = json::object_at(document.scenario, "run");
  const double limit = run == nullptr ? 0 : json::number_or(*run, "max_bandwidth");
  const auto runs = valid_runs(document, record.id);
  if (limit <= 0 || runs.empty()) return false;
  std::vector<double> loads;
  std::vector<double> copies;
  for (const RunRecord* each : runs) {
    loads.push_back(static_cast<double>(each->load_ns) * 1e-9);
    copies.push_back(static_cast<double>(each->phases.get("prepare")) * 1e-9);
  }
  const double near_s = static_cast<double>(record.model_bytes) / (kNearLimit * limit);
  const auto keeps_to_it = [&](const std::vector<double>& seconds) {
    const double median = summarize(seconds, 1).median;
    return median > 0 && median < near_s;
  };
  return keeps_to_it(loads) || (record.cache == "first-start" && keeps_to_it(copies));
}

void count_runs(const ResultDocument& document, CaseAnalysis& analysis) {
  for (const RunRecord& run : document.runs) {
    if (run.case_id != analysis.record->id || run.repetition == 0) continue;
    if (run.status == RunStatus::skipped || run.status == RunStatus::cancelled) continue;
    ++analysis.attempted_count;
    if (!run.disturbed.empty()) ++analysis.disturbed_count;
    if (run.status != RunStatus::ok) continue;
    if (run.proof.valid) {
      ++analysis.valid_count;
      add_kind(analysis.proof_label, run.proof.kind);
    } else if (run.proof.kind == ProofKind::unprovable) {
      ++analysis.unprovable_count;
    } else {
      ++analysis.unproved_count;
    }
  }
  if (analysis.valid_count != 0) return;
  if (analysis.unprovable_count != 0) analysis.proof_label = to_string(ProofKind::unprovable);
  if (analysis.unproved_count != 0) analysis.proof_label = "not proved";
}

class Analyser {
 public:
  explicit Analyser(const ResultDocument& document) : document_(document), seed_(seed_of(document)) {}

  std::vector<CaseAnalysis> run() {
    for (const CaseRecord& record : document_.cases) summarise(record);
    compare_families();
    for (CaseAnalysis& analysis : analyses_) {
      analysis.notes = notes_of(analysis, document_, find(analysis.record->baseline));
    }
    return std::move(analyses_);
  }

 private:
  void summarise(const CaseRecord& record) {
    CaseAnalysis analysis;
    analysis.record = &record;
    analysis.is_baseline = !record.baseline.empty() && record.baseline == record.id;
    const json::value* mapped = option_value(record, "strategy", "mapped");
    analysis.touches_only = mapped != nullptr && *mapped == json::value("touch");
    count_runs(document_, analysis);
    analysis.held_back = is_held_back(document_, record);
    std::vector<double> seconds = ranked_seconds(document_, record);
    analysis.cold_load = summarize(seconds, derived_seed(seed_, analyses_.size()));
    // Touching moves nothing: it has no rate, and none bounds it.
    if (analysis.cold_load.median > 0 && !analysis.touches_only) {
      analysis.bytes_per_second = static_cast<double>(record.model_bytes) / analysis.cold_load.median;
      analysis.ceiling = ceiling_of(record, document_);
    }
    if (analysis.ceiling) {
      analysis.ceiling->share = analysis.bytes_per_second / analysis.ceiling->bytes_per_second;
    }
    analyses_.push_back(std::move(analysis));
    seconds_.push_back(std::move(seconds));
  }

  void compare_families() {
    std::map<std::string_view, std::vector<size_t>> families;
    for (size_t i = 0; i < analyses_.size(); ++i) {
      const CaseAnalysis* baseline = find(analyses_[i].record->baseline);
      if (baseline != nullptr && comparable(analyses_[i], *baseline)) {
        families[analyses_[i].record->baseline].push_back(i);
      }
    }
    for (const auto& [baseline_id, members] : families) {
      const auto baseline = static_cast<size_t>(find(baseline_id) - analyses_.data());
      std::vector<std::vector<double>> others;
      for (const size_t member : members) others.push_back(seconds_[member]);
      const auto comparisons =
          compare_all(seconds_[baseline], others, derived_seed(seed_, analyses_.size() + baseline));
      for (size_t i = 0; i < members.size(); ++i) analyses_[members[i]].against_baseline = comparisons[i];
    }
  }

  static bool comparable(const CaseAnalysis& analysis, const CaseAnalysis& baseline) {
    const bool measured =
        analysis.record->status == CaseStatus::ok && baseline.record->status == CaseStatus::ok;
    return measured && !analysis.is_baseline && analysis.touches_only == baseline.touches_only &&
           analysis.record->model_bytes == baseline.record->model_bytes;
  }

  [[nodiscard]] const CaseAnalysis* find(std::string_view id) const {
    const auto found = std::ranges::find_if(
        analyses_, [&](const CaseAnalysis& analysis) { return analysis.record->id == id; });
    return found == analyses_.end() ? nullptr : &*found;
  }

  const ResultDocument& document_;
  uint64_t seed_;
  std::vector<CaseAnalysis> analyses_;
  std::vector<std::vector<double>> seconds_;
};

}  // namespace

std::vector<CaseAnalysis> analyse_cases(const ResultDocument& document) {
  return Analyser(document).run();
}

std::vector<double> ranked_seconds(const ResultDocument& document, const CaseRecord& record) {
  std::vector<double> seconds;
  for (const RunRecord* run : valid_runs(document, record.id)) seconds.push_back(seconds_of(record, *run));
  return seconds;
}

const json::value* option_value(const CaseRecord& record, std::string_view component,
                                std::string_view option) {
  const json::object* options = json::object_at(record.options, component);
  const json::object* entry = options == nullptr ? nullptr : json::object_at(*options, option);
  return entry == nullptr ? nullptr : entry->if_contains("value");
}

uint64_t seed_of(const ResultDocument& document) {
  const json::object* run = json::object_at(document.scenario, "run");
  return run == nullptr ? 1 : json::unsigned_or(*run, "seed", 1);
}

Counts count_all(const std::vector<CaseAnalysis>& analyses) {
  Counts counts;
  for (const CaseAnalysis& analysis : analyses) {
    switch (analysis.record->status) {
      case CaseStatus::ok:
        ++counts.cases_ok;
        break;
      case CaseStatus::skipped:
        ++counts.cases_skipped;
        break;
      case CaseStatus::failed:
        ++counts.cases_failed;
        break;
      case CaseStatus::not_measured:
        ++counts.cases_not_measured;
        break;
    }
    counts.runs_valid += analysis.valid_count;
    counts.runs_unprovable += analysis.unprovable_count;
    counts.runs_unproved += analysis.unproved_count;
    counts.runs_disturbed += analysis.disturbed_count;
  }
  return counts;
}

}  // namespace coldload
