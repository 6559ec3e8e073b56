#include "core/run/load_summary.hpp"

#include "core/run/counters.hpp"

namespace coldload {

void add_load(const LoadJob& job, const std::vector<std::optional<FileIdentity>>& files, RunRecord& record) {
  const Histogram& latency = job.latency();
  if (latency.count() != 0) {
    record.metrics.push_back({"chunks", "count", static_cast<double>(latency.count())});
    for (const auto& [tag, quantile] :
         {std::pair{"chunk_latency_p50_ns", 0.5}, std::pair{"chunk_latency_p90_ns", 0.9},
          std::pair{"chunk_latency_p99_ns", 0.99}, std::pair{"chunk_latency_max_ns", 1.0}}) {
      record.metrics.push_back({tag, "ns", static_cast<double>(latency.at(quantile))});
    }
  }
  std::optional<uint64_t> first;
  for (size_t i = 0; i < job.items().size(); ++i) {
    const LoadItem& item = job.items()[i];
    const auto times = job.times(i);
    record.objects.push_back({item.name, item.size_bytes, times.first_ns, times.last_ns, "", files[i]});
    if (times.first_ns && (!first || *times.first_ns < *first)) first = times.first_ns;
  }
  if (first) record.metrics.push_back({"first_byte_ns", "ns", static_cast<double>(*first)});
}

void add_own_memory(RunRecord& record) {
  const ResidentMemory memory = resident_memory();
  record.metrics.push_back({"rss_peak_bytes", "bytes", static_cast<double>(memory.peak_bytes)});
  record.metrics.push_back({"rss_anonymous_bytes", "bytes", static_cast<double>(memory.anonymous_bytes)});
}

}  // namespace coldload
