#include "core/analyse/ceiling.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace coldload {
namespace {

constexpr std::string_view kDevice = "device/direct";
constexpr std::string_view kPageCache = "memory/page_cache_read";
constexpr std::string_view kToDevice = "gpu/pinned_to_device";

uint64_t thread_count(const ProbeRecord& probe) {
  return json::unsigned_or(probe.detail, "threads");
}

// The most threads a probe of this tag was taken with: all cores.
uint64_t most_threads(const std::vector<ProbeRecord>& probes, std::string_view tag) {
  uint64_t most = 0;
  for (const ProbeRecord& probe : probes) {
    if (probe.tag == tag) most = std::max(most, thread_count(probe));
  }
  return most;
}

template <typename Bounds>
std::optional<Ceiling> best_of(const std::vector<ProbeRecord>& probes, Bounds&& bounds) {
  std::optional<Ceiling> best;
  for (const ProbeRecord& probe : probes) {
    if (!std::isfinite(probe.bytes_per_second) || probe.bytes_per_second <= 0 || !bounds(probe)) continue;
    if (!best || probe.bytes_per_second > best->bytes_per_second) {
      best = Ceiling{probe.tag, probe.bytes_per_second, 0};
    }
  }
  return best;
}

std::optional<Ceiling> storage_ceiling_of(const CaseRecord& record, const ResultDocument& document) {
  const std::vector<ProbeRecord>& probes = document.probes;
  if (record.synthetic) return std::nullopt;
  if (record.cache == "cold") {
    return best_of(probes, [&, device = read_from(record, document)](const ProbeRecord& probe) {
      return probe.tag == kDevice && (probe.subject == record.backend || probe.subject == device);
    });
  }
  if (record.cache == "warm") {
    const uint64_t threads = record.thread_count == 1 ? 1 : most_threads(probes, kPageCache);
    return best_of(probes, [&](const ProbeRecord& probe) {
      return probe.tag == kPageCache && thread_count(probe) == threads;
    });
  }
  return std::nullopt;
}

}  // namespace

std::string_view read_from(const CaseRecord& record, const ResultDocument& document) {
  const BackendRecord* backend = document.backend(record.backend);
  if (backend == nullptr || backend->storage != StorageKind::staged) return record.backend;
  const std::string_view target = backend->built_on_as("target");
  return target.empty() ? std::string_view(record.backend) : target;
}

std::optional<Ceiling> ceiling_of(const CaseRecord& record, const ResultDocument& document) {
  auto storage = storage_ceiling_of(record, document);
  if (!storage) return storage;
  const auto link = best_of(document.probes, [&](const ProbeRecord& probe) {
    return probe.tag == kToDevice && probe.subject == record.destination;
  });
  return link && link->bytes_per_second < storage->bytes_per_second ? link : storage;
}

std::string_view ceiling_in_words(std::string_view tag) {
  if (tag == kDevice) return "device";
  if (tag == kPageCache) return "page cache";
  if (tag == kToDevice) return "link to the GPU";
  return tag;
}

}  // namespace coldload
