#include "core/record/environment.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "coldload/cpp/redaction.hpp"
#include "core/base/units.hpp"
#include "core/record/kernel_text.hpp"
#include "core/record/mount.hpp"

namespace coldload {
namespace {

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

json::object proxies_to_json() {
  json::object proxies;
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
                           "ALL_PROXY", "NO_PROXY"}) {
    // A proxy matters for a result; its password must not reach one.
    if (const char* value = std::getenv(name)) proxies[name] = json::utf8(sdk::without_secrets(value));
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
  json::array storage;
  for (const Mount& mount : mounts_of_machine()) storage.push_back(to_json(mount));
  out["storage"] = std::move(storage);
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
