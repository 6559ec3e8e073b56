#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "coldload/cpp/posix/direct.hpp"
#include "coldload/cpp/posix/evict.hpp"
#include "coldload/cpp/posix/read.hpp"
#include "coldload/cpp/posix/residency.hpp"
#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/record/mount.hpp"
#include "core/run/counters.hpp"
#include "core/run/machine_facts.hpp"

namespace coldload {
namespace {

namespace posix = sdk::posix;
constexpr uint64_t kScratchBytes = 4 * limits::kMiB;

struct Scratch {
  Descriptor file;
  std::filesystem::path directory;
};

// A file without a name: nothing is left behind, however this process ends.
std::optional<Scratch> scratch_in(const std::vector<std::filesystem::path>& places) {
  for (const std::filesystem::path& place : places) {
    if (place.empty()) continue;
    std::string name = (place / ".coldload-doctor-XXXXXX").string();
    Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
    if (!file.valid()) continue;
    ::unlink(name.c_str());
    if (posix::lives_in_memory(file.get())) continue;
    return Scratch{std::move(file), place};
  }
  return std::nullopt;
}

Result<void> fill(int fd) {
  // Not zeros: a file system may keep those as a hole.
  std::string block(kScratchBytes, '\0');
  for (size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 131 + i / 4096);
  auto written = write_all(fd, block);
  if (!written) return written;
  if (::fsync(fd) != 0) return fail_errno(errno, "fsync");
  return {};
}

Fact ok(std::string text) {
  return {kMachine, FactLevel::ok, std::move(text), "", ""};
}
Fact warning(std::string text, std::string cause, std::string fix) {
  return {kMachine, FactLevel::warning, std::move(text), std::move(cause), std::move(fix)};
}

Fact residency_fact(const posix::Residency& found) {
  using enum posix::ResidencyMethod;
  if (found.method == cachestat) return ok("residency: cachestat(2) works");
  if (found.method == mincore) {
    return ok(
        "residency: by mincore(2); cachestat(2) needs Linux 6.5 and another file system than overlayfs");
  }
  return warning("residency: unknown", fail_errno(found.os_error, "cachestat and mincore").error().message,
                 "keep models on a file system whose page cache the kernel tells about");
}

Fact eviction_fact(int evict_errno, const posix::Residency& after) {
  const char* const fix = "keep models on a file system that evicts, or compare in state as-is";
  if (evict_errno != 0) {
    return warning("eviction: refused", fail_errno(evict_errno, "posix_fadvise").error().message, fix);
  }
  if (after.method == posix::ResidencyMethod::unknown) {
    return warning("eviction: nobody can say whether it worked", "residency is unknown there", fix);
  }
  if (after.resident_bytes == 0) {
    return ok(fmt::format("eviction: works, {} written and none of it left in the page cache",
                          format_bytes(kScratchBytes)));
  }
  return warning(fmt::format("eviction: {} of {} stayed in the page cache",
                             format_bytes(after.resident_bytes), format_bytes(kScratchBytes)),
                 "the file system keeps pages, or another process reads them", fix);
}

// The kernel may hold on to a page that is just in use: asked again, it lets go.
std::pair<int, posix::Residency> evict_all_of(int fd) {
  constexpr int kTriesMax = 5;
  for (int tries = 1;; ++tries) {
    const int evicted = posix::evict_pages(fd);
    const auto after = posix::page_cache_residency(fd, kScratchBytes);
    const bool told = evicted != 0 || after.method == posix::ResidencyMethod::unknown;
    if (told || after.resident_bytes == 0 || tries == kTriesMax) return {evicted, after};
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

Fact io_fact(std::optional<uint64_t> before, std::optional<uint64_t> after) {
  const char* const fix =
      "on a network mount the mount's own counters serve; elsewhere cold runs here stay unprovable";
  if (!before || !after) {
    return warning("/proc/self/io: cannot be read", "the kernel is built without it, or a sandbox hides it",
                   "without device bytes no cold run is proved; use a kernel with CONFIG_TASK_IO_ACCOUNTING");
  }
  const uint64_t counted = *after - *before;
  if (counted >= kScratchBytes / 100 * 98) {
    return ok(fmt::format("/proc/self/io: counts what is read from the device, {} of {}",
                          format_bytes(counted), format_bytes(kScratchBytes)));
  }
  return warning(
      fmt::format("/proc/self/io: counted {} of {} read", format_bytes(counted), format_bytes(kScratchBytes)),
      "the bytes came from a cache, or from a file system that the kernel does not count", fix);
}

Fact read_ahead_fact(const std::filesystem::path& directory) {
  const auto mount = mount_of(directory);
  const auto bytes = mount ? mount->read_ahead_bytes : std::nullopt;
  if (!bytes) return ok("read-ahead: none is told for the file system of " + directory.string());
  if (*bytes != 0) return ok(fmt::format("read-ahead: {} on {}", format_bytes(*bytes), mount->device));
  return warning(fmt::format("read-ahead: off on {}", mount->device),
                 "one thread that reads front to back waits for every request",
                 fmt::format("echo 128 > /sys/block/{}/queue/read_ahead_kb, as root", mount->device));
}

}  // namespace

Facts scratch_facts(const std::vector<std::filesystem::path>& places) {
  const auto scratch = scratch_in(places);
  if (!scratch) {
    std::vector<std::string> tried;
    for (const auto& place : places) {
      if (!place.empty()) tried.push_back(place.string());
    }
    return {warning("eviction, residency and device bytes: not tried",
                    fmt::format("none of {} can be written and lies on a disk", fmt::join(tried, ", ")),
                    "run doctor in a directory on the disk that holds models, or set TMPDIR to one")};
  }
  const int fd = scratch->file.get();
  if (const auto filled = fill(fd); !filled) {
    return {warning("eviction, residency and device bytes: not tried",
                    fmt::format("{}: {}", scratch->directory.string(), filled.error().message),
                    "free some space there, or set TMPDIR to another disk")};
  }
  Facts facts = {ok(fmt::format("scratch file: {} in {}, without a name, for the next four",
                                format_bytes(kScratchBytes), scratch->directory.string()))};
  const auto [evicted, after] = evict_all_of(fd);
  facts.push_back(residency_fact(after));
  facts.push_back(eviction_fact(evicted, after));
  std::string buffer(kScratchBytes, '\0');
  const auto before_read = take_counters("").io_read_bytes;
  const auto read = posix::read_exact(fd, 0, buffer.data(), kScratchBytes);
  if (read.os_error == 0) facts.push_back(io_fact(before_read, take_counters("").io_read_bytes));
  if (read.os_error != 0) {
    facts.push_back({kMachine, FactLevel::error, "scratch file: reading it back fails",
                     fail_errno(read.os_error, "read").error().message, "look at the disk: `dmesg`"});
  }
  facts.push_back(read_ahead_fact(scratch->directory));
  return facts;
}

}  // namespace coldload
