// What makes a shell complete coldload's commands, options and choices; elsewhere file names.
#pragma once

#include <string>

#include "core/cli/command_tree.hpp"

namespace coldload {

// To be sourced, or put into bash-completion's folder as "coldload".
[[nodiscard]] std::string bash_completion(const CommandWords& program);
// To be sourced after compinit, or put into a folder of $fpath as "_coldload".
[[nodiscard]] std::string zsh_completion(const CommandWords& program);

}  // namespace coldload
