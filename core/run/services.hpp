// What a component of a run may tell the host: collected for its record.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "core/plugin/host.hpp"
#include "core/record/record.hpp"
#include "core/run/request.hpp"

namespace coldload {

class RunServices final : public HostServices {
 public:
  RunServices(EventSink& events, const std::atomic<bool>& cancelled)
      : events_(events), cancelled_(cancelled) {}

  void log(uint32_t level, std::string_view message) override { events_.log(level, message); }
  void record(std::string_view tag, std::string_view unit, double value) override;
  void evidence(const coldload_evidence& evidence) override;
  void disturbed(std::string_view reason) override;
  [[nodiscard]] bool cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }

  [[nodiscard]] const void* extension(std::string_view id) const override;

  // Appends all that came so far. [control-thread]
  void collect(RunRecord& record) const;

 private:
  EventSink& events_;
  const std::atomic<bool>& cancelled_;
  mutable std::mutex mutex_;
  std::vector<Metric> metrics_;
  std::vector<std::pair<std::string, EvidenceValue>> evidence_;
  std::vector<std::string> disturbed_;
};

}  // namespace coldload
