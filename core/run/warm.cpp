#include "core/run/warm.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "coldload/cpp/posix/direct.hpp"
#include "coldload/cpp/posix/residency.hpp"
#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/model/directory.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;

Result<WarmShard> shard_at(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno(errno, path.string());
  // Looked at before it is opened: opening a FIFO would wait for a writer.
  if (!S_ISREG(status.st_mode)) return fail(Status::unsupported, path.string() + ": not a regular file");
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return fail_errno(errno, path.string());
  WarmShard shard{path.filename().string(), path, static_cast<uint64_t>(status.st_size),
                  WarmChoice::left_out};
  if (sdk::posix::lives_in_memory(file.get())) shard.choice = WarmChoice::in_memory;
  return shard;
}

}  // namespace

Result<std::vector<WarmShard>> shards_of(const fs::path& directory) {
  std::error_code error;
  std::vector<WarmShard> shards;
  fs::directory_iterator entries(directory, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (kind_of_object(entries->path().filename().string(), 0) != ObjectKind::item) continue;
    if (shards.size() == limits::kObjectsMax) {
      return fail(Status::unsupported,
                  fmt::format("{}: more than {} shards", directory.string(), limits::kObjectsMax));
    }
    auto shard = shard_at(entries->path());
    if (!shard) return pass(shard);
    shards.push_back(std::move(*shard));
  }
  if (error) return fail_errno(error.value(), directory.string());
  if (shards.empty()) {
    return fail(Status::not_found,
                fmt::format("{}: no *.safetensors directly in it: name the directory that holds the shards",
                            directory.string()));
  }
  std::ranges::sort(shards, {}, &WarmShard::name);
  return shards;
}

void choose_shards(std::vector<WarmShard>& shards, uint64_t budget_bytes) {
  for (WarmShard& shard : shards) {
    if (shard.choice == WarmChoice::in_memory) continue;
    const bool fits = shard.size_bytes <= budget_bytes;
    shard.choice = fits ? WarmChoice::fits : WarmChoice::left_out;
    if (fits) budget_bytes -= shard.size_bytes;
  }
}

uint64_t bytes_of(const std::vector<WarmShard>& shards, WarmChoice choice) {
  uint64_t bytes = 0;
  for (const WarmShard& shard : shards) {
    if (shard.choice == choice) bytes += shard.size_bytes;
  }
  return bytes;
}

WarmResidency residency_of(const std::vector<WarmShard>& shards, WarmChoice choice) {
  WarmResidency sum;
  uint64_t resident_bytes = 0;
  for (const WarmShard& shard : shards) {
    if (shard.choice != choice) continue;
    const Descriptor file(::open(shard.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) {
      sum.why_unknown = fail_errno(errno, shard.name).error().message;
      return sum;
    }
    const auto found = sdk::posix::page_cache_residency(file.get(), shard.size_bytes);
    if (found.method == sdk::posix::ResidencyMethod::unknown) {
      sum.why_unknown =
          found.os_error == EPERM
              ? fmt::format("{}: the kernel tells only its owner and who may write it", shard.name)
              : fail_errno(found.os_error, shard.name).error().message;
      return sum;
    }
    sum.method = sdk::posix::to_string(found.method);
    resident_bytes += found.resident_bytes;
  }
  sum.resident_bytes = resident_bytes;
  return sum;
}

}  // namespace coldload
