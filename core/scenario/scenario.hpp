// What a scenario file says: plain data, every default filled, nothing opened yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/location.hpp"
#include "core/plugin/component_spec.hpp"

namespace coldload {

enum class CacheState { cold, warm, as_is, first_start };
// "cold", "warm", "as-is", "first-start"
[[nodiscard]] std::string_view to_string(CacheState state);
[[nodiscard]] std::optional<CacheState> cache_state_from(std::string_view text);
[[nodiscard]] std::vector<std::string> cache_state_names();
// The destinations that need no table: "stream", "host".
[[nodiscard]] std::vector<std::string> destination_names();

struct GenerateSpec {
  std::string like;  // "qwen2.5-0.5b"
  double scale = 1;
  uint64_t seed = 1;
  Location where;
};

// [model.path] lake = "…"
struct BackendPath {
  std::string backend;
  std::string path;
  Location where;
};

struct ModelSpec {
  std::string path;     // below each backend's root; "" is the root
  Location path_where;  // of the key `path`
  std::vector<BackendPath> backend_paths;
  std::optional<GenerateSpec> generate;
  Location where;
  [[nodiscard]] const std::string& path_on(std::string_view backend) const;
  // Where that path is written.
  [[nodiscard]] const Location& path_where_on(std::string_view backend) const;
};

// One [[compare]]: backend × strategy × destination × cache. An empty axis takes its default.
struct Comparison {
  std::vector<std::string> backends;      // default: those that are nobody's source or target
  std::vector<std::string> strategies;    // default: all
  std::vector<std::string> destinations;  // default: stream
  std::vector<CacheState> caches;         // default: cold (and first-start where staged)
  std::string baseline;                   // a glob over case ids; default: the first case
  Location baseline_where;
  Location where;
};

enum class Verify { each_case, each_backend, off };

struct RunSettings {
  uint32_t repetitions_min = 5;
  uint32_t repetitions_max = 5;
  std::optional<double> until_ci;  // relative width of the median's 95 % interval at which a case is done
  uint32_t copies = 4;             // repetitions of a staging copy
  std::optional<uint64_t> budget_ns;
  std::optional<uint64_t> sample_bytes;  // whole shards only
  Verify verify = Verify::each_case;
  std::optional<uint64_t> timeout_ns;     // of one run; derived when absent
  std::optional<uint64_t> max_bandwidth;  // bytes per second of model data
  uint64_t pool_bytes = 0;                // of stream; 0: what the strategy needs, no more
  bool probe = true;                      // ceilings first and last
  bool require_quiet = true;              // wait for dirty pages and the device before each run
  uint64_t seed = 1;
};

// What a recommendation is judged by. Absent ones are not judged.
struct Policy {
  std::optional<uint64_t> user_facing_ns;
  std::optional<uint64_t> internal_ns;
  std::optional<uint64_t> dev_test_ns;
  std::optional<uint64_t> engine_start_ns;
  std::optional<double> restarts_per_day;
};

struct Service {
  std::vector<std::string> argv;
  uint32_t port = 0;
  std::string health;
  std::optional<uint64_t> ready_timeout_ns;
};

// [[expect]] case = "nvme/parallel*" median = "< 5 s"
struct Expectation {
  std::string case_glob;
  Location case_where;
  std::string metric;  // "median" (ns of cold_load), "throughput" (bytes/s)
  bool less = true;    // "<" or ">"
  double threshold = 0;
  std::string written;  // "< 5 s"
  Location where;
};

struct Scenario {
  uint32_t schema = 1;
  std::string name;
  std::string file;            // as given, or "<stdin>"
  std::string base_directory;  // absolute; relative paths in it are relative to this
  std::string text;            // the file itself, kept in the result
  ModelSpec model;
  std::vector<ComponentSpec> backends;      // in file order
  std::vector<ComponentSpec> strategies;    // in file order
  std::vector<ComponentSpec> destinations;  // of plugins, in file order; stream and host need no table
  std::vector<Comparison> comparisons;  // at least one: a scenario without [[compare]] gets the default one
  RunSettings run;
  std::optional<Policy> policy;
  std::optional<Service> service;
  std::vector<Expectation> expectations;
};

// "nvme/parallel*" against an id; '*' matches '/' too, '?' one character. [any-thread]
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text);

}  // namespace coldload
