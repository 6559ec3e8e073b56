// Calls into a plugin, and what comes back turned into a Result. For this folder only.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "coldload/abi.h"
#include "core/base/result.hpp"

namespace coldload {

// A failed call as an Error: the message copied (as valid UTF-8, within its 500 bytes). A status no plugin
// may return, or one without a message, becomes an internal error that names plugin, call and number.
[[nodiscard]] std::unexpected<Error> call_failed(const coldload_plugin& plugin, const char* call,
                                                 coldload_status status, const coldload_error& error);

[[nodiscard]] std::unexpected<Error> call_threw(const coldload_plugin& plugin, const char* call,
                                                const char* what);

// `function(arguments…, &error)`. No exception may cross the boundary; one that does is an internal error
// here.
template <typename Function, typename... Arguments>
[[nodiscard]] Result<void> call_plugin(const coldload_plugin& plugin, const char* call, Function function,
                                       Arguments... arguments) {
  coldload_error error{};
  error.struct_size = sizeof error;
  try {
    const coldload_status status = function(arguments..., &error);
    if (status == COLDLOAD_OK) return {};
    return call_failed(plugin, call, status, error);
  } catch (const std::exception& thrown) {
    return call_threw(plugin, call, thrown.what());
  } catch (...) {
    return call_threw(plugin, call, "something that is no std::exception");
  }
}

// Calls of destroy(), close() and teardown(), which cannot fail: what they throw is dropped.
template <typename Function, typename... Arguments>
void call_quietly(Function function, Arguments... arguments) noexcept {
  try {
    function(arguments...);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

// Runs the plugin's init() the first time in this process, and its deinit() at exit; later calls answer as
// the first did. [control-thread]
[[nodiscard]] Result<void> initialise_plugin(const coldload_plugin& plugin);

}  // namespace coldload
