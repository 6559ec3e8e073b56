// A run's own folder, written so that a kill at any moment loses no finished run: header.json first, then one
// line of runs.jsonl per run, fsynced, and result.json at the end.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/file.hpp"
#include "core/base/result.hpp"
#include "core/record/document.hpp"

namespace coldload {

class Journal {
 public:
  // `directory` must be absent or empty; it is created, parents too.
  [[nodiscard]] static Result<Journal> create(const std::filesystem::path& directory,
                                              const ResultDocument& header);

  // Durable when it returns. [control-thread]
  [[nodiscard]] Result<void> append(const RunRecord& run);
  [[nodiscard]] Result<void> append(const ProbeRecord& probe);
  // Writes result.json. The lines stay: they are what it was made from.
  [[nodiscard]] Result<void> finish(const ResultDocument& document) const;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  Descriptor runs_;
  Descriptor probes_;
};

// result.json of a run's folder; where there is none, header.json with the lines of runs.jsonl, an incomplete
// last line dropped, marked interrupted. Errors: not_found, integrity (which file, which line).
[[nodiscard]] Result<ResultDocument> read_run_directory(const std::filesystem::path& directory);

}  // namespace coldload
