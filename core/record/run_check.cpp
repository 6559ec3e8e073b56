#include "core/record/run_check.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/record/document_check.hpp"
#include "core/record/journal.hpp"
#include "core/record/run_manifest.hpp"

namespace coldload {
namespace {

class FolderCheck {
 public:
  explicit FolderCheck(const std::filesystem::path& directory) : directory_(directory) {}

  Result<RunCheck> run() {
    auto document = read_run_directory(directory_);
    if (!document) return pass(document);
    check_.document = std::move(*document);
    std::error_code error;
    const bool finished = std::filesystem::exists(directory_ / "result.json", error);
    check_structure(finished);
    if (finished) check_lines();
    check_hashes();
    return std::move(check_);
  }

 private:
  void add(std::string_view file, std::string_view what) {
    check_.mistakes.push_back(fmt::format("{}: {}", (directory_ / file).string(), what));
  }

  void check_structure(bool finished) {
    const char* file = finished ? "result.json" : "header.json";
    const auto json =
        finished ? read_document_json(directory_ / file) : Result<json::value>(to_json(check_.document));
    // Read a moment ago; if it cannot be now, that is the mistake.
    if (!json) return check_.mistakes.push_back(json.error().message);
    for (const std::string& mistake : document_mistakes(*json)) add(file, mistake);
  }

  // result.json is made of the lines: as many, of the same runs and times. A run's status may differ: that
  // its bytes are not those of the others is known only at the end.
  void check_lines() {
    const auto lines = read_journal_lines(directory_);
    if (!lines) return check_.mistakes.push_back(lines.error().message);
    const auto& runs = check_.document.runs;
    if (lines->runs.size() != runs.size()) {
      add("runs.jsonl", fmt::format("{} runs, result.json has {}", lines->runs.size(), runs.size()));
    }
    for (size_t i = 0; i < std::min(lines->runs.size(), runs.size()); ++i) {
      if (is_same(lines->runs[i], runs[i])) continue;
      add("runs.jsonl", fmt::format("line {} is not runs[{}] of result.json", i + 1, i));
      break;
    }
    if (lines->probes.size() != check_.document.probes.size()) {
      add("probes.jsonl",
          fmt::format("{} probes, result.json has {}", lines->probes.size(), check_.document.probes.size()));
    }
  }

  static bool is_same(const RunRecord& line, const RunRecord& run) {
    return line.case_id == run.case_id && line.repetition == run.repetition &&
           line.sequence == run.sequence && line.load_ns == run.load_ns &&
           line.cold_load_ns == run.cold_load_ns && line.first_start_ns == run.first_start_ns;
  }

  void check_hashes() {
    check_.has_manifest = has_run_manifest(directory_);
    if (!check_.has_manifest) return;
    auto mistakes = run_manifest_mistakes(directory_);
    if (!mistakes) return check_.mistakes.push_back(mistakes.error().message);
    for (std::string& mistake : *mistakes) check_.mistakes.push_back(std::move(mistake));
  }

  const std::filesystem::path& directory_;
  RunCheck check_;
};

}  // namespace

Result<RunCheck> check_run_directory(const std::filesystem::path& directory) {
  return FolderCheck(directory).run();
}

}  // namespace coldload
