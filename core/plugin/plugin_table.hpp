// Whether what a plugin exports is what coldload/*.h says it must be. For this folder and its tests.
#pragma once

#include "coldload/abi.h"
#include "core/base/result.hpp"

namespace coldload {

// That everything the host will follow a pointer to is there and well-formed: version, sizes, names, option
// tables, functions. A pointer into nowhere cannot be told: the checking child dies of it instead.
// Errors (unsupported): what is wrong, without the plugin's file. Runs no code of the plugin.
[[nodiscard]] Result<void> check_plugin_table(const coldload_plugin& plugin);

// That it was built for an ABI this host has: what comes before looking at anything else of it. Likewise.
[[nodiscard]] Result<void> check_plugin_version(const coldload_plugin& plugin);

// The i-th component, which check_plugin_table() has passed.
[[nodiscard]] inline const coldload_component& component_at(const coldload_plugin& plugin, uint32_t index) {
  return *plugin.components[index];
}

}  // namespace coldload
