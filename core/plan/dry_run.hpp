// What a plan would cost, before it is run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/plan.hpp"

namespace coldload {

// How fast a backend reads, from a probe or an earlier result. A backend without one is taken to read
// kAssumedRate, and the text says so.
struct RateAssumption {
  std::string backend;
  double bytes_per_second = 0;
};
inline constexpr double kAssumedRate = 200e6;

// Of one storage path: what all runs on it together move. A warm run reads twice, to warm and to load;
// staging reads and writes every object. Upper bounds: repetitions may end earlier by until_ci.
struct PathCost {
  std::string backend;
  uint64_t runs = 0;
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0;
  uint64_t requests = 0;  // of the strategies; what a mapping faults in is the kernel's to count
  double seconds = 0;
  bool rate_assumed = false;
};
struct PlanCost {
  std::vector<PathCost> paths;  // by backend, in the order of the cases
  uint64_t moved_bytes = 0;     // read and written, of all paths; made-up bytes are not counted
  double seconds = 0;           // at most the scenario's budget
};
[[nodiscard]] PlanCost cost_of(const Plan& plan, const std::vector<RateAssumption>& rates = {});

// Runs of one case, verifying one included; 0 where it does not run.
[[nodiscard]] uint64_t run_count_max(const Plan& plan, const Case& subject);

// Above one hour or 1 TB a run needs --yes.
inline constexpr double kConfirmSeconds = 3600;
inline constexpr uint64_t kConfirmBytes = 1'000'000'000'000;
[[nodiscard]] bool needs_confirmation(const Plan& plan, const std::vector<RateAssumption>& rates = {});

// For `--dry-run`: cases that run and that do not with the reason, bytes and requests per path, hours, and
// whether --yes is needed. Ends with a newline.
[[nodiscard]] std::string dry_run_text(const Plan& plan, const std::vector<RateAssumption>& rates = {});

}  // namespace coldload
