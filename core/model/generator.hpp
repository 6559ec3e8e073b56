// Models like real ones, made up: the same tensors, shards and sizes, other bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/digest.hpp"
#include "core/model/layout.hpp"

namespace coldload {

struct GenerateOptions {
  std::filesystem::path directory{};  // absent or empty; its parent exists
  std::string like{};                 // id of an Architecture
  double scale = 1;                   // above 0, at most 1: the share of layers kept, at least one
  uint64_t seed = 1;
  Layout layout = Layout::reference;
  bool sparse = false;   // headers and holes: reads as zeros, takes no space, for planning only
  bool digests = false;  // fills GeneratedObject::digest; never with `sparse`
  unsigned threads = 0;  // 0: as many as there are cores, at most 8
};

struct GeneratedObject {
  std::string name;
  uint64_t size_bytes = 0;
  std::optional<Digest> digest;
};

struct GenerateReport {
  std::vector<GeneratedObject> objects;  // shards by number, then small files
  uint64_t layers = 0;
  uint64_t tensor_count = 0;
  uint64_t tensor_bytes = 0;
  uint64_t shard_count = 0;
  uint64_t total_bytes = 0;  // of all objects
  uint64_t elapsed_ns = 0;
};

// What generate_model() would make: every size, nothing written. Errors (invalid_option): unknown model,
// scale out of range. [any-thread]
[[nodiscard]] Result<GenerateReport> model_size(const GenerateOptions& options);

// One call at a time, after every few megabytes. [any-thread]
using GenerateProgress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;
// Asked before every few megabytes. [any-thread]
using IsCancelled = std::function<bool()>;

// Writes under temporary names, syncs, then renames: when it fails or is cancelled, nothing it wrote stays.
// With `scale` the largest shard allowed shrinks as the model does, so that several unequal shards remain.
// Errors: invalid_option (see model_size(), or the directory holds
// something); io_error with ENOSPC before anything is written; cancelled. Either callback may be empty.
// [control-thread]
[[nodiscard]] Result<GenerateReport> generate_model(const GenerateOptions& options,
                                                    const GenerateProgress& progress = {},
                                                    const IsCancelled& cancelled = {});

// Whether a file of this name may be one of a generated model, whatever it is like, or one in the making.
[[nodiscard]] bool is_generated_name(std::string_view name);

// Whether the directory already holds what these options would generate: same names and sizes, and the
// options left in its config.json. Reads no weights. [any-thread]
[[nodiscard]] bool is_generated(const GenerateOptions& options);

}  // namespace coldload
