#include "core/run/services.hpp"

#include "coldload/ext/digest.h"
#include "core/run/digest_extension.hpp"
#include "core/run/job.hpp"

#include <algorithm>
#include <cmath>

namespace coldload {
namespace {

// A component that reports per chunk by mistake must not fill the record.
constexpr size_t kEntriesMax = 10'000;

}  // namespace

void RunServices::record(std::string_view tag, std::string_view unit, double value) {
  if (!std::isfinite(value)) return;
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(metrics_, tag, &Metric::tag);
  if (found != metrics_.end()) {
    found->value = value;
  } else if (metrics_.size() < kEntriesMax) {
    metrics_.push_back({std::string(tag), std::string(unit), value});
  }
}

void RunServices::evidence(const coldload_evidence& evidence) {
  EvidenceValue value;
  switch (evidence.type) {
    case COLDLOAD_OPTION_BOOL:
      value = evidence.as.integer != 0;
      break;
    case COLDLOAD_OPTION_INT:
      value = evidence.as.integer;
      break;
    default:
      value = std::string(evidence.as.text == nullptr ? "" : evidence.as.text);
      break;
  }
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(evidence_, std::string_view(evidence.key),
                                       [](const auto& entry) { return std::string_view(entry.first); });
  if (found != evidence_.end()) {
    found->second = std::move(value);
  } else if (evidence_.size() < kEntriesMax) {
    evidence_.emplace_back(evidence.key, std::move(value));
  }
}

void RunServices::disturbed(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  if (disturbed_.size() < kEntriesMax) disturbed_.emplace_back(reason);
}

void RunServices::collect(RunRecord& record) const {
  const std::lock_guard lock(mutex_);
  record.metrics.insert(record.metrics.end(), metrics_.begin(), metrics_.end());
  record.evidence.insert(record.evidence.end(), evidence_.begin(), evidence_.end());
  record.disturbed.insert(record.disturbed.end(), disturbed_.begin(), disturbed_.end());
}

const void* RunServices::extension(std::string_view id) const {
  if (id == COLDLOAD_HOST_EXT_DIGEST) return &digest_extension();
  return id == COLDLOAD_HOST_EXT_PLACING ? &placing_extension() : nullptr;
}

}  // namespace coldload
