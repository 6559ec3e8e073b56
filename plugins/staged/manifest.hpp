// What a copy consists of: a text file in its directory, one line a file, that shell tools can read too.
//
//   coldload-manifest 1
//   made-by stage
//   file 0123456789abcdef0123456789abcdef 988097824 model.safetensors
//   version modified-1764400000.000000000
//   complete 1
//
// A version is of the file before it; it and the maker may be missing.
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
  std::string digest;         // 32 hexadecimal digits, "-" while it is not known
  std::string version = "-";  // of the source's object, as one printable word; "-" where it told none
};

struct Manifest {
  bool complete = false;  // else: files that are about to be written
  std::string made_by;    // what asked for the copy: lower-case letters, digits and '-', or nothing
  std::vector<ManifestFile> files;

  [[nodiscard]] uint64_t total_bytes() const;
};

// One printable word without blanks, at most 200 bytes, of what a source calls a version; "-" of nullptr and
// "".
[[nodiscard]] std::string version_word(const char* version);

// Whether that may be `made_by`.
[[nodiscard]] bool is_maker(const std::string& text);

// Whether the copy is of what the source is now, as far as names, sizes and versions tell.
[[nodiscard]] bool is_of(const Manifest& copy, const Manifest& source);

// Whether every file of both has a version, so that is_of() tells of the bytes too.
[[nodiscard]] bool tells_versions(const Manifest& copy, const Manifest& source);

[[nodiscard]] std::string to_text(const Manifest& manifest);

// Throws COLDLOAD_INTEGRITY with `shown` and the line: another version, a line that is none, a name that
// leaves the directory, a missing end.
[[nodiscard]] Manifest parse_manifest(const std::string& text, const std::string& shown);

}  // namespace coldload::staged
