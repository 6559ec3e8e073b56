// The dynamic symbols of a shared object, read from its file: no code of it runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace coldload::conformance {

// Names of all symbols that the file defines for others to link with, in the table's order. 64-bit ELF of
// this machine's byte order, at most 1 GiB. Errors (unsupported): no such file, no table of dynamic symbols.
[[nodiscard]] Result<std::vector<std::string>> exported_symbols(const std::filesystem::path& file);

}  // namespace coldload::conformance
