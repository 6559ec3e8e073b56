// The result document: everything one scenario execution left, and its JSON form (results/schema/).
#pragma once

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/result.hpp"
#include "core/record/record.hpp"
#include "core/record/storage.hpp"

namespace coldload {

inline constexpr int kResultSchemaVersion = 1;

enum class CaseStatus { ok, skipped, failed, not_measured };
[[nodiscard]] std::string_view to_string(CaseStatus status);

// A backend that a case reads from, or that another is built on.
struct BackendRecord {
  std::string name;    // the scenario's
  std::string plugin;  // the component's id
  StorageKind storage = StorageKind::unknown;
  bool emulated = false;
  std::string location;    // a directory or a URL, as far as its options name one; without credentials
  std::string model_path;  // the model's place below it
  std::vector<std::pair<std::string, std::string>> built_on;  // option, name: {"source", "lake"}

  // The name of what the option says it is built on; "" where it does not.
  [[nodiscard]] std::string_view built_on_as(std::string_view option) const;
};

struct CaseRecord {
  std::string id;
  std::string backend;          // the scenario's name
  std::string strategy;         // the scenario's name
  std::string strategy_plugin;  // the component's id; "" in documents of a program that did not record it
  std::string destination;
  std::string cache;
  json::object options;  // {"backend": {…}, "strategy": {…}}: effective value and source of every option
  bool emulated = false;
  bool synthetic = false;
  bool external = false;
  bool sampled = false;  // only some whole shards were loaded
  bool direct = false;
  uint32_t thread_count = 0;
  std::string baseline;      // id of the case it is compared with
  uint64_t model_bytes = 0;  // of the items it loads
  CaseStatus status = CaseStatus::not_measured;
  std::string reason;
};

// One ceiling taken by `coldload probe` or before and after a scenario.
struct ProbeRecord {
  std::string tag;      // "device/direct", "memory/copy", "memory/page_cache_read"
  std::string subject;  // what it was taken on: a backend's name, "this machine"
  std::string moment;   // "first", "last"
  double bytes_per_second = 0;
  json::object detail;  // depth, block, threads
};

struct ResultDocument {
  json::object program;   // name, version, ABI
  json::object scenario;  // name, file, text, seed, settings
  json::object environment;
  json::array plugins;                  // id, version, vendor, file, sha256
  std::vector<BackendRecord> backends;  // empty in documents of a program that did not record them
  std::vector<CaseRecord> cases;
  std::vector<RunRecord> runs;
  std::vector<ProbeRecord> probes;
  json::array expectations;  // case, what was expected, what was measured, kept: bool
  bool interrupted = false;  // somebody stopped it
  // False of what was put together from a run's folder without result.json: the process was killed, could not
  // write it or still runs. Expectations were then not judged.
  bool finished = true;
  std::string started_at;
  std::string ended_at;

  [[nodiscard]] const BackendRecord* backend(std::string_view name) const;
  [[nodiscard]] const CaseRecord* find_case(std::string_view id) const;
};

[[nodiscard]] json::value to_json(const ResultDocument& document);
[[nodiscard]] Result<ResultDocument> document_from_json(const json::value& json);

[[nodiscard]] json::value to_json(const ProbeRecord& probe);
[[nodiscard]] Result<ProbeRecord> probe_record_from_json(const json::value& json);

// Judges what only all runs together show, and sets each case's status and reason: an object's checksum that
// differs from that of most other cases makes the verifying run failed (Status::integrity's exit code is the
// caller's). Idempotent. Returns the number of cases failed for integrity.
size_t judge_cases(ResultDocument& document);

// What a document has less than a whole one: "interrupted", "not finished"; "" of a whole one.
[[nodiscard]] std::string_view ending_in_words(const ResultDocument& document);
// Why a document is not finished, and how many expectations nobody judged; "" of one that is.
[[nodiscard]] std::string why_unfinished(const ResultDocument& document);

// The runs of a case that stand in its statistics: repetition > 0, ok, proof valid.
[[nodiscard]] std::vector<const RunRecord*> valid_runs(const ResultDocument& document,
                                                       std::string_view case_id);

}  // namespace coldload
