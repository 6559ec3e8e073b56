// What runs leave behind. Plain data; docs/measurement.md defines every field once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/result.hpp"

namespace coldload {

enum class RunStatus { ok, skipped, failed, crashed, timed_out, cancelled };
[[nodiscard]] std::string_view to_string(RunStatus status);
[[nodiscard]] std::optional<RunStatus> run_status_from(std::string_view text);

enum class ProofKind { residency_and_bytes, bytes, no_local_cache, warm, as_is, unprovable };
// "residency+bytes", "bytes", "no_local_cache", "warm", "as-is", "unprovable"
[[nodiscard]] std::string_view to_string(ProofKind kind);
[[nodiscard]] std::optional<ProofKind> proof_kind_from(std::string_view text);

struct Proof {
  ProofKind kind = ProofKind::unprovable;
  bool valid = false;
  std::optional<double>
      resident_before;                   // share of the items' pages in the page cache, just before the clock
  std::optional<double> resident_after;  // and just after it
  std::optional<double> device_ratio;    // device bytes / model bytes
  std::string method;                    // "cachestat", "mincore", "backend", "none"
  std::string reason;  // why not valid, or why of a weaker kind; "" if residency+bytes and valid
  std::string caveat;  // what it does not prove: "the server's own cache"
};

struct ByteCounts {
  uint64_t model = 0;
  uint64_t requested = 0;  // acquired or mapped ranges
  uint64_t delivered = 0;
  std::optional<uint64_t> device;  // read from storage on behalf of this process (/proc/PID/io read_bytes)
  std::optional<uint64_t> host_device;  // all reads of the device meanwhile: shows neighbours
};

struct Metric {
  std::string tag;
  std::string unit;
  double value = 0;
};

using EvidenceValue = std::variant<bool, int64_t, std::string>;

// What tells that a name still means the file that it meant, with the bytes that it had.
struct FileIdentity {
  std::string device;  // "253:0"; "", and no inode, where the file system makes its numbers up anew (FUSE)
  uint64_t inode = 0;
  int64_t modified_ns = 0;  // mtime, since 1970
  int64_t changed_ns = 0;   // ctime
  bool operator==(const FileIdentity&) const = default;
};

struct ObjectRecord {
  std::string name;
  uint64_t size_bytes = 0;
  std::optional<uint64_t> first_ns;  // since the clock started
  std::optional<uint64_t> last_ns;
  std::string checksum;                   // hex; "" unless verified
  std::optional<FileIdentity> file = {};  // just before the clock; absent where it has no descriptor
};

// The phases of a run, in order, as docs/measurement.md defines them.
struct Phases {
  std::vector<std::pair<std::string, uint64_t>> ns;
  void add(std::string_view name, uint64_t duration_ns);
  [[nodiscard]] uint64_t get(std::string_view name) const;  // 0 if absent
};

struct RunRecord {
  std::string case_id;
  uint32_t repetition = 0;  // 0 verifies and is in no statistics
  uint64_t sequence = 0;    // order of execution within the scenario
  std::string started_at;   // UTC, RFC 3339
  RunStatus status = RunStatus::failed;
  std::string reason;
  Proof proof;
  ByteCounts bytes;
  Phases phases;
  uint64_t load_ns = 0;         // the clock
  uint64_t cold_load_ns = 0;    // inspect + open + load
  uint64_t first_start_ns = 0;  // prepare + cold_load
  std::vector<Metric> metrics;
  std::string checksum;  // over all objects' checksums in order; "" unless verified
  std::vector<ObjectRecord> objects;
  std::vector<std::string> disturbed;  // reasons; empty: undisturbed
  std::vector<std::pair<std::string, EvidenceValue>> evidence;
  std::string output;  // what the worker wrote to stdout and stderr, bounded

  [[nodiscard]] const Metric* metric(std::string_view tag) const;
};

[[nodiscard]] json::value to_json(const RunRecord& record);
[[nodiscard]] Result<RunRecord> run_record_from_json(const json::value& document);

}  // namespace coldload
