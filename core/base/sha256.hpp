// SHA-256 (FIPS 180-4): a plugin's identity in a result, and whether a run's files are those it wrote. Own
// code, so that the host needs no cryptography library for one figure; checked against the standard's
// vectors.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace coldload {

// 64 hexadecimal digits. [any-thread]
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
// Of a regular file of any size. [any-thread]
[[nodiscard]] Result<std::string> sha256_of_file(const std::filesystem::path& path);

}  // namespace coldload
