// What `coldload list` and `coldload describe` print.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

// Every component by kind with its one-line summary, version and file; then the refused plugins with the
// reasons. Ends with a newline.
[[nodiscard]] std::string list_text(const Registry& registry);
// {"backends": […], "strategies": […], "refused": […]}, indented, ends with a newline.
[[nodiscard]] std::string list_json(const Registry& registry);

// The components of this id ("s3"), or the one of "backend/s3" or "strategy/s3": summary, flags, every
// option, an example for a scenario. Errors (not_found): no such component, with the nearest.
[[nodiscard]] Result<std::string> describe_text(const Registry& registry, std::string_view name);
// An array of those components. Likewise.
[[nodiscard]] Result<std::string> describe_json(const Registry& registry, std::string_view name);

// The option reference: every component by kind, its options as a table. The same plugins give the same text:
// no path, no version of a file.
[[nodiscard]] std::string describe_markdown(const Registry& registry);

}  // namespace coldload
