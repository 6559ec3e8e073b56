#include "core/analyse/storage_times.hpp"

#include <algorithm>
#include <string_view>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

bool is_measured(const CaseAnalysis& analysis) {
  const CaseRecord& record = *analysis.record;
  return record.status == CaseStatus::ok && analysis.valid_count >= limits::kRunsForVerdictMin &&
         !analysis.touches_only && !analysis.held_back && !record.synthetic && !record.external;
}

class Chooser {
 public:
  Chooser(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses, StorageMode mode)
      : document_(document), analyses_(analyses), mode_(mode), bytes_(ranked_bytes(analyses)) {}

  StorageTimes choose() const {
    const StorageTimes times = choose(false);
    return times.measured() ? times : choose(true);
  }

 private:
  StorageTimes choose(bool emulated) const {
    StorageTimes times;
    times.emulated = emulated;
    times.first_start = fastest("first-start", emulated, "");
    const std::string_view backend = times.first_start == nullptr
                                         ? std::string_view()
                                         : std::string_view(times.first_start->record->backend);
    times.cold = fastest("cold", emulated, backend);
    times.warm = fastest("warm", emulated, backend);
    if (times.first_start != nullptr) split_first_start(*times.first_start, times);
    return times;
  }

  [[nodiscard]] const CaseAnalysis* fastest(std::string_view cache, bool emulated,
                                            std::string_view backend) const {
    const CaseAnalysis* best = nullptr;
    for (const CaseAnalysis& analysis : analyses_) {
      const CaseRecord& record = *analysis.record;
      if (record.cache != cache || record.emulated != emulated || !is_ranked(analysis, bytes_)) continue;
      if (!backend.empty() && record.backend != backend) continue;
      if (storage_mode_of(document_, record) != mode_) continue;
      if (best == nullptr || analysis.cold_load.median < best->cold_load.median) best = &analysis;
    }
    return best;
  }

  void split_first_start(const CaseAnalysis& first_start, StorageTimes& times) const {
    std::vector<double> copies;
    std::vector<double> loads;
    for (const RunRecord* run : valid_runs(document_, first_start.record->id)) {
      copies.push_back(static_cast<double>(run->phases.get("prepare")) * 1e-9);
      loads.push_back(static_cast<double>(run->cold_load_ns) * 1e-9);
    }
    times.copy_s = summarize(copies, 1).median;
    times.load_after_copy_s = summarize(loads, 1).median;
  }

  const ResultDocument& document_;
  const std::vector<CaseAnalysis>& analyses_;
  StorageMode mode_;
  uint64_t bytes_;
};

}  // namespace

std::optional<StorageMode> storage_mode_of(const ResultDocument& document, const CaseRecord& record) {
  const BackendRecord* backend = document.backend(record.backend);
  if (backend == nullptr) return std::nullopt;
  if (backend->storage == StorageKind::staged) return StorageMode::staged;
  if (backend->storage == StorageKind::local_disk) return StorageMode::disk;
  if (is_network(backend->storage)) return StorageMode::network;
  return std::nullopt;
}

uint64_t ranked_bytes(const std::vector<CaseAnalysis>& analyses) {
  uint64_t most = 0;
  for (const CaseAnalysis& analysis : analyses) {
    if (is_measured(analysis)) most = std::max(most, analysis.record->model_bytes);
  }
  return most;
}

bool is_ranked(const CaseAnalysis& analysis, uint64_t model_bytes) {
  return is_measured(analysis) && analysis.record->model_bytes == model_bytes;
}

StorageTimes storage_times(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses,
                           StorageMode mode) {
  return Chooser(document, analyses, mode).choose();
}

}  // namespace coldload
