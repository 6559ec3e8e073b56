// The files that strategies load in the kit: of every awkward size, with bytes that tell where they belong.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.hpp"

namespace coldload::conformance {

struct SampleFile {
  const char* name;
  uint64_t size_bytes;
  bool zeros;  // sparse: costs no disk and no time
};

// Small ones of odd sizes, one empty among them.
[[nodiscard]] std::span<const SampleFile> awkward_files();
// Two of many chunks each, all zeros.
[[nodiscard]] std::span<const SampleFile> large_files();

// The bytes of a sample that holds no zeros. [any-thread]
[[nodiscard]] std::string content_of(const SampleFile& file);

// Writes all of them into `directory`.
[[nodiscard]] Result<void> write_samples(const std::filesystem::path& directory);

}  // namespace coldload::conformance
