// The host that a plugin meets in the kit: as a run's, and it remembers what it was told.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "core/plugin/host.hpp"

namespace coldload::conformance {

class KitHost final : public HostServices {
 public:
  void log(uint32_t level, std::string_view message) override;
  void record(std::string_view tag, std::string_view unit, double value) override;
  void evidence(const coldload_evidence& evidence) override;
  void disturbed(std::string_view reason) override;
  [[nodiscard]] bool cancelled() const override { return stop_.load(std::memory_order_relaxed); }
  [[nodiscard]] const void* extension(std::string_view id) const override;

  // From now on cancelled() says so. [any-thread]
  void cancel() { stop_.store(true, std::memory_order_relaxed); }

  // What was given for a key, as text ("true", "16"); by key. [any-thread]
  [[nodiscard]] std::map<std::string, std::string> evidence_given() const;
  // A word about each metric that no record could hold; "" if there was none.
  [[nodiscard]] std::string metric_fault() const;

 private:
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::map<std::string, std::string> evidence_;
  std::string metric_fault_;
};

}  // namespace coldload::conformance
