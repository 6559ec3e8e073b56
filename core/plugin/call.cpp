#include "core/plugin/call.hpp"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <mutex>

#include "core/base/json.hpp"

namespace coldload {

std::unexpected<Error> call_failed(const coldload_plugin& plugin, const char* call, coldload_status status,
                                   const coldload_error& error) {
  const size_t length = ::strnlen(error.message, sizeof error.message);
  const std::string message = json::utf8({error.message, length});
  const bool known = status > COLDLOAD_OK && status <= COLDLOAD_INTEGRITY;
  if (known && !message.empty()) return fail(static_cast<Status>(status), message, error.os_error);
  const std::string name = to_string(static_cast<Status>(status));
  std::string text =
      known ? fmt::format("plugin {}: {}() returned status {} ({}) without a message", plugin.id, call,
                          status, name)
            : fmt::format("plugin {}: {}() returned status {}, which is none", plugin.id, call, status);
  if (!known) text += message.empty() ? ", without a message" : ": " + message;
  return fail(known ? static_cast<Status>(status) : Status::internal, std::move(text), error.os_error);
}

std::unexpected<Error> call_threw(const coldload_plugin& plugin, const char* call, const char* what) {
  return fail(Status::internal, json::utf8(fmt::format("plugin {}: {}() threw, which no plugin may: {}",
                                                       plugin.id, call, what)));
}

namespace {

// init() is once a process by its contract, so its memory belongs to the process too.
class InitialisedPlugins {
 public:
  InitialisedPlugins() = default;
  InitialisedPlugins(const InitialisedPlugins&) = delete;
  InitialisedPlugins& operator=(const InitialisedPlugins&) = delete;
  ~InitialisedPlugins() {
    for (const auto& [plugin, result] : results_) {
      if (result && plugin->deinit != nullptr) call_quietly(plugin->deinit);
    }
  }

  [[nodiscard]] Result<void> initialise(const coldload_plugin& plugin) {
    const std::scoped_lock lock(mutex_);
    const auto known = results_.find(&plugin);
    if (known != results_.end()) return known->second;
    Result<void> result;
    if (plugin.init != nullptr) result = call_plugin(plugin, "init", plugin.init);
    results_.emplace(&plugin, result);
    return result;
  }

 private:
  std::mutex mutex_;
  std::map<const coldload_plugin*, Result<void>> results_;
};

}  // namespace

Result<void> initialise_plugin(const coldload_plugin& plugin) {
  static InitialisedPlugins plugins;
  return plugins.initialise(plugin);
}

}  // namespace coldload
