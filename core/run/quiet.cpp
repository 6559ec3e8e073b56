#include "core/run/quiet.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/run/counters.hpp"

namespace coldload {
namespace {

// Another program's dirty pages are its own business until they are written; this many cannot disturb much.
constexpr uint64_t kDirtyBytesMax = 64 * limits::kMiB;
constexpr uint64_t kWritebackBytesMax = limits::kMiB;
constexpr int kQuietLooks = 3;  // in a row: one look between two requests proves nothing
constexpr uint64_t kLookEveryNs = 10'000'000;

uint64_t meminfo_bytes(std::string_view meminfo, std::string_view key) {
  const size_t at = meminfo.find(key);
  if (at == std::string_view::npos) return 0;
  const size_t digit = meminfo.find_first_of("0123456789", at + key.size());
  if (digit == std::string_view::npos) return 0;
  uint64_t kib = 0;
  std::from_chars(meminfo.data() + digit, meminfo.data() + meminfo.size(), kib);
  return kib * 1024;
}

// What is busy right now; empty if nothing is.
std::string busy_with(const std::string& device) {
  const auto meminfo = read_small_file("/proc/meminfo", limits::kMiB);
  if (meminfo) {
    const uint64_t writeback = meminfo_bytes(*meminfo, "Writeback:");
    if (writeback > kWritebackBytesMax)
      return fmt::format("{} under write-back", format_bytes_decimal(writeback));
    const uint64_t dirty = meminfo_bytes(*meminfo, "Dirty:");
    if (dirty > kDirtyBytesMax) return fmt::format("{} of dirty pages", format_bytes_decimal(dirty));
  }
  const auto counters = device_counters(device);
  if (counters && counters->in_flight != 0) {
    return fmt::format("{} requests in flight on {}", counters->in_flight, device);
  }
  return {};
}

}  // namespace

Quiet wait_until_quiet(int fd, const std::string& device, const std::function<bool()>& cancelled) {
  Quiet quiet;
  const uint64_t begin = now_ns();
  if (fd >= 0) ::syncfs(fd);
  int looks = 0;
  while (looks < kQuietLooks && !cancelled()) {
    quiet.reason = busy_with(device);
    looks = quiet.reason.empty() ? looks + 1 : 0;
    if (looks == kQuietLooks) break;
    if (now_ns() - begin > limits::kQuietWaitMs * 1'000'000) {
      quiet.reached = false;
      break;
    }
    const timespec pause{0, kLookEveryNs};
    ::nanosleep(&pause, nullptr);
  }
  if (quiet.reached) quiet.reason.clear();
  quiet.waited_ns = now_ns() - begin;
  return quiet;
}

}  // namespace coldload
