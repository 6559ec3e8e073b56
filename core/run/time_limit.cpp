#include "core/run/time_limit.hpp"

#include <algorithm>

#include "core/base/limits.hpp"
#include "core/plan/objects.hpp"

namespace coldload {
namespace {

// What the slowest storage that anybody measures would do, where no probe tells.
constexpr double kAssumedBytesPerSecond = 20e6;

}  // namespace

uint64_t time_limit_of(const Case& planned, const RunSettings& run, const std::vector<ProbeRecord>& probes) {
  if (run.timeout_ns) return *run.timeout_ns;
  double rate = kAssumedBytesPerSecond;
  for (const ProbeRecord& probe : probes) {
    if (probe.tag == "device/direct" && probe.subject == planned.backend.back().name)
      rate = std::max(rate, probe.bytes_per_second / 5);
  }
  if (run.max_bandwidth) rate = std::min(rate, static_cast<double>(*run.max_bandwidth) / 2);
  const auto loaded = static_cast<double>(planned.item_bytes());
  // A copy reads from elsewhere, at a rate nobody measured, and writes as much.
  double copied_ns = 0;
  if (planned.survey.stages) {
    const double copy_rate = std::min(kAssumedBytesPerSecond, rate);
    for (const ModelObject& object : planned.objects) {
      copied_ns += 2e9 * static_cast<double>(object.size_bytes) / copy_rate;
    }
  }
  const uint64_t derived_ns =
      limits::kTimeoutMinMs * 1'000'000 + static_cast<uint64_t>(2e9 * loaded / rate + copied_ns);
  return saturating_add(derived_ns, planned.survey.own_time_ns);
}

}  // namespace coldload
