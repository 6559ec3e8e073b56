#include "core/plugin/host.hpp"

#include <cmath>

#include "core/base/file.hpp"
#include "core/base/json.hpp"

namespace coldload {
namespace {

// The C side of HostServices. A plugin cannot catch what these would throw, so nothing leaves them: what
// could not be noted for want of memory is lost, the run goes on.
template <typename Call>
void without_exceptions(Call&& call) noexcept {
  try {
    call();
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is nobody to tell
  }
}

HostServices& services(const coldload_host* host) {
  return *static_cast<HostServices*>(host->host_data);
}

void log_from_plugin(const coldload_host* host, uint32_t level, const char* message) noexcept {
  if (message == nullptr) return;
  without_exceptions([&] { services(host).log(level, json::utf8(message)); });
}

void record_from_plugin(const coldload_host* host, const coldload_metric* metric) noexcept {
  // JSON has no NaN and no infinity: a metric that is no number was not taken.
  if (metric == nullptr || metric->tag == nullptr || metric->unit == nullptr) return;
  if (metric->struct_size < sizeof(coldload_metric) || !std::isfinite(metric->value)) return;
  without_exceptions(
      [&] { services(host).record(json::utf8(metric->tag), json::utf8(metric->unit), metric->value); });
}

void evidence_from_plugin(const coldload_host* host, const coldload_evidence* evidence) noexcept {
  if (evidence == nullptr || evidence->key == nullptr) return;
  if (evidence->struct_size < sizeof(coldload_evidence)) return;
  switch (evidence->type) {
    case COLDLOAD_OPTION_BOOL:
    case COLDLOAD_OPTION_INT:
      break;
    case COLDLOAD_OPTION_STRING:
      if (evidence->as.text == nullptr) return;
      break;
    default:
      return;
  }
  without_exceptions([&] { services(host).evidence(*evidence); });
}

void disturbed_from_plugin(const coldload_host* host, const char* reason) noexcept {
  if (reason == nullptr) return;
  without_exceptions([&] { services(host).disturbed(json::utf8(reason)); });
}

uint64_t now_for_plugin(const coldload_host* /*host*/) noexcept {
  return now_ns();
}

uint32_t cancelled_for_plugin(const coldload_host* host) noexcept {
  // A host that cannot say whether to stop is one to stop for.
  uint32_t stop = 1;
  without_exceptions([&] { stop = services(host).cancelled() ? 1 : 0; });
  return stop;
}

const void* extension_for_plugin(const coldload_host* host, const char* id) noexcept {
  const void* found = nullptr;
  if (id != nullptr) without_exceptions([&] { found = services(host).extension(id); });
  return found;
}

}  // namespace

HostServices::HostServices()
    : table_{.struct_size = sizeof(coldload_host),
             .abi_minor = COLDLOAD_ABI_MINOR,
             .host_data = this,
             .log = log_from_plugin,
             .record = record_from_plugin,
             .evidence = evidence_from_plugin,
             .disturbed = disturbed_from_plugin,
             .now_ns = now_for_plugin,
             .cancelled = cancelled_for_plugin,
             .get_extension = extension_for_plugin,
             .instance = ""} {}

coldload_host HostServices::table_for(const char* instance) const {
  coldload_host table = table_;
  table.instance = instance;
  return table;
}

}  // namespace coldload
