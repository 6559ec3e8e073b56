// Whether a run's folder is whole: `coldload check DIR`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/record/document.hpp"

namespace coldload {

struct RunCheck {
  ResultDocument document;
  bool has_manifest = false;          // folders of versions before it, and killed runs, have none
  std::vector<std::string> mistakes;  // each names its file; empty: the folder is whole
};

// Reads the folder's document and holds it against the schema, against itself, against runs.jsonl and
// probes.jsonl, and every file against manifest.sha256. Errors: those of read_run_directory, when there is no
// document to check. [any-thread]
[[nodiscard]] Result<RunCheck> check_run_directory(const std::filesystem::path& directory);

}  // namespace coldload
