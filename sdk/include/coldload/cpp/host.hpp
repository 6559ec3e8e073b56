// What the host offers a component: a log, metrics, evidence, the clock, and the word to stop.
#pragma once

#include <string>

#include "coldload/abi.h"
#include "coldload/cpp/failure.hpp"

namespace coldload::sdk {

// A copyable view; valid from create() until destroy() returned. [any-thread]
class Host {
 public:
  explicit Host(const coldload_host& raw) : raw_(&raw) {}

  [[nodiscard]] const coldload_host& raw() const noexcept { return *raw_; }

  // What the scenario names this component.
  [[nodiscard]] std::string instance() const { return raw_->instance; }

  // nullptr where the host does not offer it.
  template <typename Table>
  [[nodiscard]] const Table* extension(const char* id) const {
    return static_cast<const Table*>(raw_->get_extension(raw_, id));
  }

  // `level` is COLDLOAD_LOG_*.
  void log(uint32_t level, const std::string& message) const { raw_->log(raw_, level, message.c_str()); }

  // Adds a measurement to the run in progress; `tag` is "<component id>/<name>".
  void metric(const char* tag, const char* unit, double value) const {
    coldload_metric metric = {};
    metric.struct_size = sizeof metric;
    metric.tag = tag;
    metric.unit = unit;
    metric.value = value;
    raw_->record(raw_, &metric);
  }

  // Says what was really done, as opposed to what was asked.
  void evidence(const char* key, bool value) const { evidence(key, COLDLOAD_OPTION_BOOL, value ? 1 : 0); }
  void evidence(const char* key, uint64_t value) const {
    evidence(key, COLDLOAD_OPTION_INT, static_cast<int64_t>(value));
  }
  void evidence(const char* key, uint32_t value) const { evidence(key, uint64_t{value}); }
  void evidence(const char* key, const std::string& value) const {
    coldload_evidence evidence = {};
    evidence.struct_size = sizeof evidence;
    evidence.type = COLDLOAD_OPTION_STRING;
    evidence.key = key;
    evidence.as.text = value.c_str();
    raw_->evidence(raw_, &evidence);
  }
  // Without it a string literal would be taken for a bool.
  void evidence(const char* key, const char* value) const { evidence(key, std::string(value)); }

  // The run's time does not stand for the case, and why.
  void disturbed(const std::string& reason) const { raw_->disturbed(raw_, reason.c_str()); }

  [[nodiscard]] uint64_t now_ns() const { return raw_->now_ns(raw_); }
  [[nodiscard]] bool cancelled() const { return raw_->cancelled(raw_) != 0; }
  // Cheap; once per chunk.
  void throw_if_cancelled() const {
    if (cancelled()) throw Failure(COLDLOAD_CANCELLED, "cancelled");
  }

 private:
  void evidence(const char* key, uint32_t type, int64_t value) const {
    coldload_evidence evidence = {};
    evidence.struct_size = sizeof evidence;
    evidence.type = type;
    evidence.key = key;
    evidence.as.integer = value;
    raw_->evidence(raw_, &evidence);
  }

  const coldload_host* raw_;
};

}  // namespace coldload::sdk
