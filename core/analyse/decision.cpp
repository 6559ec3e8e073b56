#include "core/analyse/decision.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/analyse/effect.hpp"
#include "core/analyse/engine.hpp"
#include "core/analyse/policy.hpp"
#include "core/analyse/storage_times.hpp"
#include "core/base/limits.hpp"

namespace coldload {
namespace {

constexpr uint64_t kSeed = 1;

bool node_has_local_disk(const ResultDocument& document) {
  const json::array* mounts = json::array_at(document.environment, "storage");
  // A document that does not list the node's storage does not say that there is none.
  if (mounts == nullptr) return true;
  return std::ranges::any_of(*mounts, [](const json::value& mount) {
    return mount.is_object() &&
           storage_kind_from(json::text_or(mount.get_object(), "storage")) == StorageKind::local_disk;
  });
}

const CaseAnalysis* real(const CaseAnalysis* analysis, const StorageTimes& times) {
  return times.emulated ? nullptr : analysis;
}

class Decider {
 public:
  Decider(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses)
      : document_(document), analyses_(analyses) {}

  Decision decide() {
    decision_.disk = storage_times(document_, analyses_, StorageMode::disk);
    decision_.network = storage_times(document_, analyses_, StorageMode::network);
    decision_.staged = storage_times(document_, analyses_, StorageMode::staged);
    decision_.engine_start = engine_start_of(document_, analyses_);
    find_break_even();
    choose_home();
    decision_.steady = steady_case();
    decision_.engine = engine_case();
    decision_.verdicts = judge_policy(document_, analyses_, decision_);
    judge_prewarming();
    return std::move(decision_);
  }

 private:
  void settle(Home home, HomeReason reason) {
    decision_.home = home;
    decision_.reason = reason;
  }

  void choose_home() {
    const CaseAnalysis* disk = real(decision_.disk.cold, decision_.disk);
    const CaseAnalysis* copy = real(decision_.staged.cold, decision_.staged);
    const CaseAnalysis* network = real(decision_.network.cold, decision_.network);
    if (disk == nullptr && copy == nullptr && network == nullptr)
      return settle(Home::undecided, why_undecided());
    if (network == nullptr) {
      return disk != nullptr ? settle(Home::local_disk, HomeReason::disk_only)
                             : settle(Home::staged, HomeReason::copy_only);
    }
    // The copy is what a node that fills its disk from the network would live with.
    const CaseAnalysis* on_disk = copy != nullptr ? copy : disk;
    if (on_disk == nullptr) {
      const bool has_disk = node_has_local_disk(document_);
      return settle(Home::network, has_disk ? HomeReason::network_only : HomeReason::no_local_disk);
    }
    choose_between(*network, *on_disk, copy != nullptr);
  }

  void choose_between(const CaseAnalysis& network, const CaseAnalysis& on_disk, bool staged) {
    decision_.disk_against_network = compare(ranked_seconds(document_, *network.record),
                                             ranked_seconds(document_, *on_disk.record), kSeed);
    if (decision_.disk_against_network->verdict != Verdict::faster) {
      const bool only_copy = staged && decision_.disk.cold == nullptr;
      return settle(Home::network,
                    only_copy ? HomeReason::staging_never_pays : HomeReason::network_not_slower);
    }
    const double saved_s = network.cold_load.median - on_disk.cold_load.median;
    const auto engine_s = decision_.engine_start.seconds;
    if (engine_s && saved_s / (network.cold_load.median + *engine_s) < limits::kReadyGainMin) {
      return settle(Home::network, HomeReason::engine_start_dominates);
    }
    if (!staged) return settle(Home::local_disk, HomeReason::disk_faster);
    if (decision_.break_even && !pays_in_time(*decision_.break_even)) {
      return settle(Home::network, HomeReason::staging_pays_too_late);
    }
    settle(Home::staged, HomeReason::staging_pays);
  }

  static bool pays_in_time(const BreakEven& even) {
    if (!even.restarts) return false;
    if (even.days) return *even.days <= limits::kStagingPaysDaysMax;
    return *even.restarts <= limits::kStagingPaysRestartsMax;
  }

  [[nodiscard]] HomeReason why_undecided() const {
    const uint64_t bytes = ranked_bytes(analyses_);
    bool emulated = false;
    bool unknown = false;
    bool held_back = false;
    for (const CaseAnalysis& analysis : analyses_) {
      held_back = held_back || analysis.held_back;
      if (analysis.record->cache != "cold" || !is_ranked(analysis, bytes)) continue;
      emulated = emulated || analysis.record->emulated;
      unknown = unknown || !storage_mode_of(document_, *analysis.record);
    }
    if (emulated) return HomeReason::emulated_only;
    if (held_back) return HomeReason::held_back;
    return unknown ? HomeReason::storage_unknown : HomeReason::nothing_proved;
  }

  // Shown for emulated storage too, as the arithmetic it is; whether it supports advice is the home's
  // question.
  void find_break_even() {
    const StorageTimes& staged = decision_.staged;
    const StorageTimes& network = decision_.network;
    if (staged.cold == nullptr || staged.first_start == nullptr || network.cold == nullptr) return;
    if (staged.emulated != network.emulated) return;
    BreakEven even;
    even.extra_first_s = std::max(0.0, staged.first_start->cold_load.median - network.cold->cold_load.median);
    even.saved_per_restart_s = network.cold->cold_load.median - staged.cold->cold_load.median;
    even.saving_shown = shown_faster(document_, *staged.cold, *network.cold);
    if (even.saving_shown) even.restarts = even.extra_first_s / even.saved_per_restart_s;
    const json::object* policy = json::object_at(document_.scenario, "policy");
    const double per_day = policy == nullptr ? 0 : json::number_or(*policy, "restarts_per_day");
    if (even.restarts && per_day > 0) even.days = *even.restarts / per_day;
    decision_.break_even = even;
  }

  [[nodiscard]] const StorageTimes* times_of_home() const {
    switch (decision_.home) {
      case Home::local_disk:
        return &decision_.disk;
      case Home::network:
        return &decision_.network;
      case Home::staged:
        return &decision_.staged;
      case Home::undecided:
        break;
    }
    return nullptr;
  }

  [[nodiscard]] const CaseAnalysis* steady_case() const {
    const StorageTimes* times = times_of_home();
    return times == nullptr ? nullptr : times->cold;
  }

  [[nodiscard]] const CaseAnalysis* engine_case() const {
    if (decision_.steady == nullptr) return nullptr;
    const uint64_t bytes = ranked_bytes(analyses_);
    const CaseAnalysis* best = nullptr;
    for (const CaseAnalysis& analysis : analyses_) {
      const CaseRecord& record = *analysis.record;
      if (record.backend != decision_.steady->record->backend || record.cache != "cold") continue;
      if (!is_ranked(analysis, bytes) || engine_flags_of(record).empty()) continue;
      if (best == nullptr || analysis.cold_load.median < best->cold_load.median) best = &analysis;
    }
    return best;
  }

  void judge_prewarming() {
    const json::object* memory = json::object_at(document_.environment, "memory");
    if (memory != nullptr) {
      const double total = json::number_or(*memory, "total_bytes");
      const double limit = json::number_or(*memory, "cgroup_limit_bytes", total);
      const double model = json::number_or(document_.scenario, "model_bytes");
      decision_.fits_memory = model <= limits::kCacheShareOfMemoryMax * std::min(total, limit);
    }
    const StorageTimes* times = times_of_home();
    if (times == nullptr || times->cold == nullptr || times->warm == nullptr) return;
    const double saves_s = times->cold->cold_load.median - times->warm->cold_load.median;
    decision_.warm = times->warm;
    decision_.prewarm_saves_s = saves_s;
    const auto comparison = compare(ranked_seconds(document_, *times->cold->record),
                                    ranked_seconds(document_, *times->warm->record), kSeed);
    decision_.prewarm = decision_.fits_memory && comparison.verdict == Verdict::faster &&
                        saves_s >= limits::kPrewarmGainMin * times->cold->cold_load.median;
  }

  const ResultDocument& document_;
  const std::vector<CaseAnalysis>& analyses_;
  Decision decision_;
};

constexpr std::array<std::pair<HomeReason, std::string_view>, 14> kReasons = {{
    {HomeReason::nothing_proved, "nothing proved"},
    {HomeReason::storage_unknown, "storage unknown"},
    {HomeReason::emulated_only, "emulated only"},
    {HomeReason::held_back, "held back"},
    {HomeReason::disk_faster, "disk faster"},
    {HomeReason::disk_only, "disk only"},
    {HomeReason::copy_only, "copy only"},
    {HomeReason::network_only, "network only"},
    {HomeReason::no_local_disk, "no local disk"},
    {HomeReason::network_not_slower, "network not slower"},
    {HomeReason::engine_start_dominates, "engine start dominates"},
    {HomeReason::staging_pays, "staging pays"},
    {HomeReason::staging_never_pays, "staging never pays"},
    {HomeReason::staging_pays_too_late, "staging pays too late"},
}};

}  // namespace

std::string_view to_string(Home home) {
  switch (home) {
    case Home::local_disk:
      return "local disk";
    case Home::network:
      return "network";
    case Home::staged:
      return "staged";
    case Home::undecided:
      break;
  }
  return "undecided";
}

std::string_view to_string(HomeReason reason) {
  for (const auto& [known, name] : kReasons) {
    if (known == reason) return name;
  }
  return "unknown";
}

Decision decide(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses) {
  return Decider(document, analyses).decide();
}

}  // namespace coldload
