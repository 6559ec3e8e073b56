// Backends whose objects are made before they can be read.
#include "coldload/ext/prepare.h"
#include "core/plugin/call.hpp"
#include "core/plugin/instance.hpp"

namespace coldload {
namespace {

void tell_progress(void* context, uint64_t done_bytes, uint64_t total_bytes) noexcept {
  try {
    (*static_cast<const Backend::PrepareProgress*>(context))(done_bytes, total_bytes);
  } catch (...) {  // NOLINT(bugprone-empty-catch): what cannot be told is not worth the copy
  }
}

}  // namespace

const coldload_prepare_ops* Backend::preparing() const {
  return static_cast<const coldload_prepare_ops*>(extension(COLDLOAD_EXT_PREPARE));
}

Result<bool> Backend::is_prepared(const std::string& prefix) const {
  uint32_t prepared = 0;
  const auto called = call_plugin(*component_.plugin, "is_prepared", preparing()->is_prepared, table_.self,
                                  prefix.c_str(), &prepared);
  if (!called) return pass(called);
  return prepared != 0;
}

Result<void> Backend::prepare(const std::string& prefix, const PrepareProgress& progress) const {
  return call_plugin(*component_.plugin, "prepare", preparing()->prepare, table_.self, prefix.c_str(),
                     &tell_progress, const_cast<PrepareProgress*>(&progress));
}

Result<void> Backend::verify(const std::string& prefix, const PrepareProgress& progress) const {
  return call_plugin(*component_.plugin, "verify", preparing()->verify, table_.self, prefix.c_str(),
                     &tell_progress, const_cast<PrepareProgress*>(&progress));
}

Result<void> Backend::discard(const std::string& prefix) const {
  return call_plugin(*component_.plugin, "discard", preparing()->discard, table_.self, prefix.c_str());
}

}  // namespace coldload
