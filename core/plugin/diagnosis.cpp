// What components say about their surroundings.
#include "coldload/ext/diagnose.h"
#include "core/base/json.hpp"
#include "core/plugin/call.hpp"
#include "core/plugin/instance.hpp"

namespace coldload {
namespace {

// A component that never stops telling must not fill the memory.
constexpr size_t kDiagnosesMax = 1000;

std::string text_of(const char* text) {
  return text == nullptr ? std::string() : json::utf8(text);
}

void take_diagnosis(void* context, const coldload_diagnosis* told) noexcept {
  try {
    auto& all = *static_cast<std::vector<ComponentDiagnosis>*>(context);
    if (all.size() == kDiagnosesMax) return;
    all.push_back({told->level, text_of(told->fact), text_of(told->cause), text_of(told->fix)});
  } catch (...) {  // NOLINT(bugprone-empty-catch): what cannot be kept is not worth the process
  }
}

// One that gives up on the way says so last; what it told before stands.
std::vector<ComponentDiagnosis> collect(const coldload_plugin& plugin, const void* extension, void* self,
                                        const std::string& prefix) {
  std::vector<ComponentDiagnosis> all;
  const auto* ops = static_cast<const coldload_diagnose_ops*>(extension);
  if (ops == nullptr) return all;
  const auto called = call_plugin(plugin, "diagnose", ops->diagnose, self, prefix.c_str(), &take_diagnosis,
                                  static_cast<void*>(&all));
  if (!called) {
    all.push_back({COLDLOAD_DIAGNOSIS_ERROR, "its diagnosis ended early", called.error().message,
                   "mend what the message names and ask again"});
  }
  return all;
}

}  // namespace

std::vector<ComponentDiagnosis> Backend::diagnose(const std::string& prefix) const {
  return collect(*component_.plugin, extension(COLDLOAD_EXT_DIAGNOSE), table_.self, prefix);
}

std::vector<ComponentDiagnosis> Strategy::diagnose() const {
  const void* extension =
      ops_->get_extension == nullptr ? nullptr : ops_->get_extension(self_, COLDLOAD_EXT_DIAGNOSE);
  return collect(*component_.plugin, extension, self_, "");
}

}  // namespace coldload
