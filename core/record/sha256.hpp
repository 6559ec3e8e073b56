// SHA-256 (FIPS 180-4) of small files: a plugin's identity in a result. Own code, so that the host needs no
// cryptography library for one figure; checked against the standard's vectors.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace coldload {

// 64 hexadecimal digits. [any-thread]
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
[[nodiscard]] Result<std::string> sha256_of_file(const std::filesystem::path& path);

}  // namespace coldload
