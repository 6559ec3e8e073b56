// A model small enough to be written beside a plugin: two shards and their index, 3 MB.
#pragma once

#include <filesystem>

#include "core/base/result.hpp"

namespace coldload {

// Into `directory`, which is there and empty. Always the same bytes.
[[nodiscard]] Result<void> write_sample_model(const std::filesystem::path& directory);

}  // namespace coldload
