// What `coldload list plugins` prints, and what a result says of the plugins it was made with.
#pragma once

#include <string>

#include "core/base/json.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

// id, version, vendor, abi, file and sha256 of each plugin; sha256 is absent where the file can no longer be
// read.
[[nodiscard]] json::array plugin_identities(const Registry& registry);

// Every plugin with its version, vendor, ABI, file, SHA-256, owner and components; then the refused files
// with the reasons. Ends with a newline.
[[nodiscard]] std::string plugin_list_text(const Registry& registry);
// {"plugins": […], "refused": […]}: the identities with owner ("root:root"), mode ("0644") and components.
[[nodiscard]] std::string plugin_list_json(const Registry& registry);

}  // namespace coldload
