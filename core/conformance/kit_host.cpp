#include "core/conformance/kit_host.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "core/run/digest_extension.hpp"

namespace coldload::conformance {

void KitHost::log(uint32_t /*level*/, std::string_view message) {
  // Beside what the plugin prints itself; shown where a check ends badly.
  std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
}

void KitHost::record(std::string_view tag, std::string_view /*unit*/, double /*value*/) {
  if (tag.contains('/')) return;
  const std::lock_guard lock(mutex_);
  metric_fault_ = fmt::format("the metric \"{}\" has no slash: tags without one are the host's", tag);
}

void KitHost::evidence(const coldload_evidence& evidence) {
  std::string text;
  if (evidence.type == COLDLOAD_OPTION_STRING) {
    text = evidence.as.text;
  } else if (evidence.type == COLDLOAD_OPTION_BOOL) {
    text = evidence.as.integer != 0 ? "true" : "false";
  } else {
    text = fmt::format("{}", evidence.as.integer);
  }
  const std::lock_guard lock(mutex_);
  evidence_[evidence.key] = std::move(text);
}

void KitHost::disturbed(std::string_view /*reason*/) {}

const void* KitHost::extension(std::string_view id) const {
  return id == COLDLOAD_HOST_EXT_DIGEST ? &digest_extension() : nullptr;
}

std::map<std::string, std::string> KitHost::evidence_given() const {
  const std::lock_guard lock(mutex_);
  return evidence_;
}

std::string KitHost::metric_fault() const {
  const std::lock_guard lock(mutex_);
  return metric_fault_;
}

}  // namespace coldload::conformance
