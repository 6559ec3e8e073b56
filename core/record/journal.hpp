// A run's own folder, written so that a kill at any moment loses no finished run: header.json first, then one
// line of runs.jsonl per run, fsynced, and result.json at the end, with the hashes of all of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

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
  // Writes result.json, then manifest.sha256 over all four files. The lines stay: they are what it was made
  // from.
  [[nodiscard]] Result<void> finish(const ResultDocument& document) const;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  Descriptor runs_;
  Descriptor probes_;
};

// The lines that stand beside a run's document.
struct JournalLines {
  std::vector<RunRecord> runs;
  std::vector<ProbeRecord> probes;
};

// runs.jsonl and probes.jsonl of a run's folder, an incomplete last line dropped. Errors: not_found,
// integrity (which file, which line).
[[nodiscard]] Result<JournalLines> read_journal_lines(const std::filesystem::path& directory);

// The JSON of one document, whatever it holds, and the document in it. Errors: not_found, integrity (not
// JSON, or no document), unsupported (another schema version, with both numbers); each names the file.
[[nodiscard]] Result<json::value> read_document_json(const std::filesystem::path& file);
[[nodiscard]] Result<ResultDocument> read_document(const std::filesystem::path& file);

// Whether a folder is one that a run was written to, finished or not.
[[nodiscard]] bool is_run_directory(const std::filesystem::path& directory);

// Such folders directly in `directory`, by name. Error: it cannot be listed.
[[nodiscard]] Result<std::vector<std::filesystem::path>> run_directories_in(
    const std::filesystem::path& directory);

// result.json of a run's folder; where there is none, header.json with the lines of runs.jsonl, an incomplete
// last line dropped, marked as not finished. Errors: not_found (of a folder above runs, what is below it),
// integrity (which file, which line).
[[nodiscard]] Result<ResultDocument> read_run_directory(const std::filesystem::path& directory);

// Of a run's folder, or a document's file, "-" for standard input. Error (invalid_option): it is a scenario.
[[nodiscard]] Result<ResultDocument> read_run(const std::filesystem::path& path);

}  // namespace coldload
