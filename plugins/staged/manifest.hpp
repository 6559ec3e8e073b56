// What a copy consists of: a text file in its directory, one line a file, that shell tools can read too.
//
//   coldload-manifest 1
//   file 0123456789abcdef0123456789abcdef 988097824 model.safetensors
//   complete 1
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coldload::staged {

inline constexpr const char* kManifestName = ".coldload-manifest";
// While it is written; renamed to the other.
inline constexpr const char* kManifestNextName = ".coldload-manifest.next";
inline constexpr uint64_t kManifestBytesMax = 16U << 20U;

struct ManifestFile {
  std::string name;  // relative to the copy's directory
  uint64_t size_bytes = 0;
  std::string digest;  // 32 hexadecimal digits, "-" while it is not known
};

struct Manifest {
  bool complete = false;  // else: files that are about to be written
  std::vector<ManifestFile> files;

  [[nodiscard]] uint64_t total_bytes() const;
};

[[nodiscard]] std::string to_text(const Manifest& manifest);

// Throws COLDLOAD_INTEGRITY with `shown` and the line: another version, a line that is none, a name that
// leaves the directory, a missing end.
[[nodiscard]] Manifest parse_manifest(const std::string& text, const std::string& shown);

}  // namespace coldload::staged
