#include "core/record/environment.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

constexpr uint64_t kProcFileBytesMax = 16 * limits::kMiB;

std::string read_or_empty(const std::filesystem::path& path) {
  auto content = read_small_file(path, kProcFileBytesMax);
  if (!content) return {};
  while (!content->empty() && (content->back() == '\n' || content->back() == ' ')) content->pop_back();
  return *content;
}

std::optional<uint64_t> number_in(std::string_view text) {
  const auto first = text.find_first_of("0123456789");
  if (first == std::string_view::npos) return std::nullopt;
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data() + first, text.data() + text.size(), number);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return number;
}

// The rest of the line that starts with `key`, blanks and colon skipped.
std::string line_after(std::string_view text, std::string_view key) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(key)) {
      const size_t begin = line.find_first_not_of(" \t:", key.size());
      return begin == std::string_view::npos ? std::string() : std::string(line.substr(begin));
    }
    at = end + 1;
  }
  return {};
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find(' '), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// mountinfo writes blanks and backslashes in paths as \040 and the like.
std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Fills what /sys knows of the disk below device number `dev`.
void describe_device(Mount& mount, dev_t dev) {
  std::error_code error;
  const auto link = fmt::format("/sys/dev/block/{}:{}", major(dev), minor(dev));
  auto node = std::filesystem::canonical(link, error);
  if (error) return;
  // A partition's directory lies below its disk's and has no queue of its own.
  if (!std::filesystem::exists(node / "queue", error)) node = node.parent_path();
  mount.device = node.filename();
  mount.device_model = read_or_empty(node / "device" / "model");
  if (const auto kib = number_in(read_or_empty(node / "queue" / "read_ahead_kb")))
    mount.read_ahead_bytes = *kib * 1024;
  const std::string schedulers = read_or_empty(node / "queue" / "scheduler");
  const size_t open = schedulers.find('[');
  const size_t close = schedulers.find(']');
  if (open != std::string::npos && close != std::string::npos) {
    mount.scheduler = schedulers.substr(open + 1, close - open - 1);
  }
  if (const auto flag = number_in(read_or_empty(node / "queue" / "rotational")))
    mount.rotational = *flag != 0;
}

// Limit minus usage of one cgroup-v1 or -v2 directory, if it limits anything below `total`.
struct CgroupMemory {
  uint64_t limit = 0;
  uint64_t headroom = 0;
};

std::optional<CgroupMemory> cgroup_memory_at(const std::filesystem::path& directory, uint64_t total) {
  struct Names {
    const char* limit;
    const char* usage;
    const char* cache;
  };
  for (const Names& names :
       {Names{"memory.max", "memory.current", "inactive_file"},
        Names{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}}) {
    const auto limit = number_in(read_or_empty(directory / names.limit));
    const auto usage = number_in(read_or_empty(directory / names.usage));
    if (!limit || !usage || *limit >= total) continue;
    // Page cache charged to the group is given back under pressure, so it is headroom like MemAvailable's.
    const uint64_t cache =
        number_in(line_after(read_or_empty(directory / "memory.stat"), names.cache)).value_or(0);
    const uint64_t used = *usage - std::min(*usage, cache);
    return CgroupMemory{*limit, *limit - std::min(*limit, used)};
  }
  return std::nullopt;
}

// The tightest memory limit on the way from this process's cgroup up to the root, v1 and v2.
std::optional<CgroupMemory> cgroup_memory(uint64_t total) {
  std::optional<CgroupMemory> tightest;
  const std::string groups = read_or_empty("/proc/self/cgroup");
  size_t at = 0;
  while (at < groups.size()) {
    const size_t end = std::min(groups.find('\n', at), groups.size());
    const std::string_view line = std::string_view(groups).substr(at, end - at);
    at = end + 1;
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool v1 = controllers.find("memory") != std::string_view::npos;
    if (!v1 && !controllers.empty()) continue;
    const std::filesystem::path root = v1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
    std::filesystem::path relative(std::string(line.substr(second + 1)).substr(1));
    while (true) {
      if (const auto found = cgroup_memory_at(root / relative, total)) {
        if (!tightest || found->headroom < tightest->headroom) tightest = found;
      }
      if (relative.empty()) break;
      relative = relative.parent_path();
    }
  }
  return tightest;
}

uint64_t meminfo_bytes(std::string_view meminfo, std::string_view key) {
  return number_in(line_after(meminfo, key)).value_or(0) * 1024;
}

// A proxy matters for a result; its password must not reach one.
std::string without_credentials(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t at = url.rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  return fmt::format("{}***{}", url.substr(0, begin), url.substr(at));
}

json::object proxies_to_json() {
  json::object proxies;
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
                           "ALL_PROXY", "NO_PROXY"}) {
    if (const char* value = std::getenv(name)) proxies[name] = json::utf8(without_credentials(value));
  }
  return proxies;
}

json::object cpu_to_json() {
  const std::string cpuinfo = read_or_empty("/proc/cpuinfo");
  json::object cpu;
  cpu["model"] = json::utf8(line_after(cpuinfo, "model name"));
  cpu["online"] = static_cast<int64_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) cpu["allowed"] = CPU_COUNT(&allowed);
  const std::string governor = read_or_empty("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (!governor.empty()) cpu["governor"] = governor;
  cpu["hypervisor"] = line_after(cpuinfo, "flags").find(" hypervisor") != std::string::npos;
  return cpu;
}

}  // namespace

Result<Mount> mount_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return fail_errno(error.value(), path.string());
  struct stat about{};
  if (::stat(real.c_str(), &about) != 0) return fail_errno(errno, path.string());

  Mount best;
  std::string best_device;
  const std::string table = read_or_empty("/proc/self/mountinfo");
  size_t at = 0;
  while (at < table.size()) {
    const size_t end = std::min(table.find('\n', at), table.size());
    const auto words = words_of(std::string_view(table).substr(at, end - at));
    at = end + 1;
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    const std::string point = unescaped(words[4]);
    const bool holds = point == "/" || real == point || real.string().starts_with(point + "/");
    // The last mount on the longest matching point is the one in effect.
    if (!holds || point.size() < best.path.size()) continue;
    best = Mount{};
    best.path = point;
    best.type = *(dash + 1);
    best.source = unescaped(*(dash + 2));
    best.options = words[5] + "," + *(dash + 3);
    best_device = words[2];
  }
  if (best.path.empty())
    return fail(Status::not_found, path.string() + ": no mount in /proc/self/mountinfo holds it");

  dev_t dev = about.st_dev;
  struct stat source{};
  // btrfs and overlay report an anonymous device; the source names the real one.
  if (major(dev) == 0 && best.source.starts_with("/dev/") && ::stat(best.source.c_str(), &source) == 0) {
    dev = source.st_rdev;
  }
  describe_device(best, dev);
  struct statvfs space{};
  if (::statvfs(real.c_str(), &space) == 0) {
    best.size_bytes = static_cast<uint64_t>(space.f_blocks) * space.f_frsize;
    best.free_bytes = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
  }
  return best;
}

json::value to_json(const Mount& mount) {
  json::object out{{"path", json::utf8(mount.path)},
                   {"type", mount.type},
                   {"source", json::utf8(mount.source)},
                   {"options", json::utf8(mount.options)},
                   {"device", mount.device},
                   {"device_model", json::utf8(mount.device_model)},
                   {"scheduler", mount.scheduler},
                   {"size_bytes", mount.size_bytes},
                   {"free_bytes", mount.free_bytes}};
  if (mount.read_ahead_bytes) out["read_ahead_bytes"] = *mount.read_ahead_bytes;
  if (mount.rotational) out["rotational"] = *mount.rotational;
  return out;
}

MemoryHeadroom memory_headroom() {
  const std::string meminfo = read_or_empty("/proc/meminfo");
  MemoryHeadroom out;
  out.total_bytes = meminfo_bytes(meminfo, "MemTotal");
  out.bytes = meminfo_bytes(meminfo, "MemAvailable");
  out.source = "MemAvailable";
  const auto cgroup = cgroup_memory(out.total_bytes);
  if (cgroup) {
    out.cgroup_limit_bytes = cgroup->limit;
    if (cgroup->headroom < out.bytes) {
      out.bytes = cgroup->headroom;
      out.source = fmt::format("cgroup memory limit of {}", format_bytes(cgroup->limit));
    }
  }
  return out;
}

json::object environment_to_json() {
  json::object out;
  utsname name{};
  ::uname(&name);
  out["kernel"] = fmt::format("{} {} {}", name.sysname, name.release, name.machine);
  const std::string os = read_or_empty("/etc/os-release");
  std::string pretty = line_after(os, "PRETTY_NAME=");
  std::erase(pretty, '"');
  out["os"] = json::utf8(pretty);
  out["cpu"] = cpu_to_json();
  const MemoryHeadroom memory = memory_headroom();
  json::object memory_out{
      {"total_bytes", memory.total_bytes}, {"headroom_bytes", memory.bytes}, {"headroom_by", memory.source}};
  if (memory.cgroup_limit_bytes) memory_out["cgroup_limit_bytes"] = *memory.cgroup_limit_bytes;
  out["memory"] = std::move(memory_out);
  rlimit lock{};
  if (::getrlimit(RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur != RLIM_INFINITY) {
    out["memlock_bytes"] = static_cast<uint64_t>(lock.rlim_cur);
  }
  out["privileged"] = ::geteuid() == 0;
  out["transparent_hugepages"] = read_or_empty("/sys/kernel/mm/transparent_hugepage/enabled");
  out["tcp_congestion_control"] = read_or_empty("/proc/sys/net/ipv4/tcp_congestion_control");
  out["proxies"] = proxies_to_json();
  return out;
}

namespace {

std::string utc(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof text, format, &parts);
  return {text, length};
}

}  // namespace

std::string utc_now() {
  return utc("%Y-%m-%dT%H:%M:%SZ");
}
std::string utc_now_compact() {
  return utc("%Y%m%dT%H%M%SZ");
}

}  // namespace coldload
