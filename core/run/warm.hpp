// Filling the page cache with a model, within a bound: what `coldload warm` does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace coldload {

// Of the memory that a run may use (memory_headroom()): what may be filled unless told otherwise. The rest is
// everybody else's.
inline constexpr double kWarmShareOfMemory = 0.8;

enum class WarmChoice : uint8_t {
  fits,       // read
  left_out,   // does not fit whole into what is left of the budget
  in_memory,  // its file system lives in memory: nothing to read, and it takes none of the budget
};

struct WarmShard {
  std::string name;
  std::filesystem::path path;
  uint64_t size_bytes = 0;
  WarmChoice choice = WarmChoice::left_out;
};

// The shards of a model's directory (as resolve_model_directory() gives it), by name, links followed; nothing
// is chosen but for those in memory. Errors: not_found where there is none, or a link leads nowhere;
// unsupported for a shard that is no regular file. [any-thread]
[[nodiscard]] Result<std::vector<WarmShard>> shards_of(const std::filesystem::path& directory);

// In order, each shard that fits whole into what is left of the budget. Pure.
void choose_shards(std::vector<WarmShard>& shards, uint64_t budget_bytes);

[[nodiscard]] uint64_t bytes_of(const std::vector<WarmShard>& shards, WarmChoice choice);

// How many bytes of the shards of one choice lie in the page cache. Files are opened anew, since some file
// systems drop what they cached when a file is opened. Reads nothing. [control-thread]
struct WarmResidency {
  std::optional<uint64_t> resident_bytes;  // absent where the kernel does not tell
  std::string method;                      // "cachestat", "mincore"
  std::string why_unknown;                 // names the file
};
[[nodiscard]] WarmResidency residency_of(const std::vector<WarmShard>& shards, WarmChoice choice);

struct WarmOptions {
  uint32_t threads = 4;
  std::optional<uint64_t> limit_bytes_per_second;
  int stop_fd = -1;  // readable once it should end; -1: never
};

struct WarmFill {
  uint64_t read_bytes = 0;
  uint64_t elapsed_ns = 0;
  bool stopped = false;  // by stop_fd
};

// Reads the shards that fit, front to back, all threads at the front. Returns within 100 ms of stop_fd; a
// thread that then still waits in the kernel is left behind and ends with its call. Error: a file that cannot
// be read, or became shorter. `progress` is called about ten times a second. [control-thread]
[[nodiscard]] Result<WarmFill> fill_page_cache(const std::vector<WarmShard>& shards,
                                               const WarmOptions& options,
                                               const std::function<void(uint64_t done_bytes)>& progress);

}  // namespace coldload
