// One plugin file, opened. The only place that knows Boost.DLL.
#pragma once

#include <filesystem>

#include "coldload/abi.h"
#include "core/base/result.hpp"

namespace coldload {

// Opens `file` (absolute), fetches its table and checks it (check_plugin_table). The table is valid until
// exit: what was opened stays loaded, also after a failure. Runs the file's static constructors, so that a
// file nobody has checked may end the process. Errors (unsupported): the reason, without the file's name.
[[nodiscard]] Result<const coldload_plugin*> open_plugin(const std::filesystem::path& file);
// The same with the table as it is, whatever it holds: only its first three fields are sure to be there.
[[nodiscard]] Result<const coldload_plugin*> open_plugin_unchecked(const std::filesystem::path& file);

}  // namespace coldload
