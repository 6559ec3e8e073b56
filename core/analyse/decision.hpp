// Where the weights should live on this node, as far as the measured cases say so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/case_summary.hpp"

namespace coldload {

enum class Home : uint8_t {
  undecided,   // nothing that was measured and proved tells
  local_disk,  // they lie on the node's disk already
  network,     // read from the network at every start
  staged,      // on the node's disk, copied there from the network at the first start
};
[[nodiscard]] std::string_view to_string(Home home);

// Why the home is what it is: each has its own sentence.
enum class HomeReason : uint8_t {
  nothing_proved,          // no case is proved and ranked
  storage_unknown,         // some are, but the document does not say what kind of storage they read
  emulated_only,           // only emulated ones are
  held_back,               // what was measured kept to [run] max_bandwidth
  disk_faster,             // a difference was shown, and the disk won
  disk_only,               // nothing but the disk was measured
  copy_only,               // nothing but a staged copy was measured
  network_only,            // nothing but the network was measured
  no_local_disk,           // likewise, and this node has no disk to copy to
  network_not_slower,      // no difference shown, or the network won
  engine_start_dominates,  // the disk is faster, but that is too small a part of the time to ready
  staging_pays,            // the disk is faster and the copy is earned back
  staging_never_pays,      // a restart from the copy is not faster than the network
  staging_pays_too_late,   // more restarts than the node sees
};
[[nodiscard]] std::string_view to_string(HomeReason reason);

// What one kind of storage came to: its fastest ranked case of each cache state. Pointers into the analyses,
// null where there is none. Cases that only touch pages, are synthetic or external are not taken; emulated
// ones only where `emulated` says so.
struct StorageTimes {
  const CaseAnalysis* cold = nullptr;  // of staged: a restart from the copy
  const CaseAnalysis* warm = nullptr;
  const CaseAnalysis* first_start = nullptr;  // of staged only
  std::optional<double> copy_s;               // median of its phase `prepare`
  std::optional<double> load_after_copy_s;    // median of what of the first start is not the copy
  bool emulated = false;                      // these are emulated: no real ones were measured

  [[nodiscard]] bool measured() const { return cold != nullptr || first_start != nullptr; }
};

// Restarts from the copy after which staging has cost less time than reading from the network each time.
struct BreakEven {
  double extra_first_s = 0;        // the first start's time above one load from the network; 0 at least
  double saved_per_restart_s = 0;  // difference of medians
  bool saving_shown = false;       // not only the medians differ
  std::optional<double> restarts;  // absent: never, as far as these runs show
  std::optional<double> days;      // at the policy's restarts a day
};

struct EngineStart {
  std::optional<double> seconds;        // what the engine takes beside its weights
  std::string basis;                    // the case it was measured by, or "scenario.policy"
  std::optional<double> weights_share;  // of the time to ready, where a case measured both
};

struct PolicyVerdict {
  std::string tier;  // "user_facing", "internal", "dev_test"
  double allowed_s = 0;
  bool first_start = false;  // judged on the first start, else on a restart
  double ready_s = 0;        // weights + engine start, or weights alone
  bool met = false;
  const CaseAnalysis* by = nullptr;          // the case it is judged on
  const CaseAnalysis* would_meet = nullptr;  // of a missed one: the fastest real case that meets it, if any
};

struct Decision {
  Home home = Home::undecided;
  HomeReason reason = HomeReason::nothing_proved;
  StorageTimes disk;     // local disks
  StorageTimes network;  // mounts, object stores, servers
  StorageTimes staged;
  const CaseAnalysis* steady = nullptr;  // the case a restart of the recommended home is; null if undecided
  const CaseAnalysis* warm = nullptr;    // of the recommended home, where one was measured
  const CaseAnalysis* engine = nullptr;  // the fastest case of that home that an engine's own loader does
  std::optional<BaselineComparison> disk_against_network;  // "other" is the disk (or the copy on it)
  std::optional<BreakEven> break_even;
  EngineStart engine_start;
  std::vector<PolicyVerdict>
      verdicts;          // in the order user-facing, internal, dev/test; a staged home twice each
  bool prewarm = false;  // a warm cache is worth filling
  std::optional<double> prewarm_saves_s;
  bool fits_memory = true;  // the model leaves room for a page cache of its own
};

// Pure: the same document gives the same decision. `analyses` must outlive it. [any-thread]
[[nodiscard]] Decision decide(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses);

}  // namespace coldload
