// The hashes of a run folder's files, so that a number that was changed afterwards is found.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace coldload {

inline constexpr std::string_view kRunManifestName = "manifest.sha256";

// Writes `directory`/manifest.sha256 over header.json, runs.jsonl, probes.jsonl and result.json, as
// sha256sum(1) writes it: `sha256sum -c manifest.sha256` in the folder verifies it. [control-thread]
[[nodiscard]] Result<void> write_run_manifest(const std::filesystem::path& directory);

[[nodiscard]] bool has_run_manifest(const std::filesystem::path& directory);

// What differs from the manifest, a sentence a file; empty when all is as it was written. Files that it does
// not name may be there. Only names without '/' are followed. Errors: integrity, where a line of the manifest
// cannot be read. [any-thread]
[[nodiscard]] Result<std::vector<std::string>> run_manifest_mistakes(const std::filesystem::path& directory);

}  // namespace coldload
