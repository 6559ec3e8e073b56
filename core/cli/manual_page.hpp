// The manual page, coldload(1), in man(7)'s macros.
#pragma once

#include <string>

#include "core/cli/command_tree.hpp"

namespace coldload {

// Every command, option and argument, then exit status, environment and files. Ends with a newline.
[[nodiscard]] std::string manual_page(const CommandWords& program, const std::string& version);

}  // namespace coldload
