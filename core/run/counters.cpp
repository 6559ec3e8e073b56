#include "core/run/counters.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/record/environment.hpp"
#include "core/record/mount.hpp"
#include "core/run/storage_reads.hpp"

namespace coldload {
namespace {

std::string read_proc(const std::string& path) {
  auto content = read_small_file(path, 4 * limits::kMiB);
  return content ? std::move(*content) : std::string();
}

std::vector<uint64_t> numbers_in(std::string_view text) {
  std::vector<uint64_t> numbers;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    uint64_t number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec == std::errc{}) {
      numbers.push_back(number);
      at = parsed.ptr;
    } else {
      ++at;
    }
  }
  return numbers;
}

// The first number on the line that starts with `key`.
std::optional<uint64_t> counter(std::string_view text, std::string_view key) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(key) && line.size() > key.size() &&
        (line[key.size()] == ' ' || line[key.size()] == ':')) {
      const auto numbers = numbers_in(line.substr(key.size()));
      if (!numbers.empty()) return numbers.front();
    }
    at = end + 1;
  }
  return std::nullopt;
}

std::optional<uint64_t> pressure_ns(const std::string& path) {
  const std::string text = read_proc(path);
  const size_t total = text.find("total=");
  if (!text.starts_with("some") || total == std::string::npos) return std::nullopt;
  const auto numbers = numbers_in(std::string_view(text).substr(total, text.find('\n') - total));
  if (numbers.empty()) return std::nullopt;
  return numbers.front() * 1000;
}

std::optional<uint64_t> machine_cpu_ns() {
  const std::string text = read_proc("/proc/stat");
  const auto ticks = numbers_in(std::string_view(text).substr(0, text.find('\n')));
  if (ticks.size() < 8) return std::nullopt;
  // user nice system [idle iowait] irq softirq steal; guest time is in user already.
  const uint64_t busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
  return busy * (1'000'000'000ULL / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK)));
}

std::optional<uint64_t> reclaimed_pages(std::string_view vmstat) {
  const auto direct = counter(vmstat, "pgsteal_direct");
  const auto background = counter(vmstat, "pgsteal_kswapd");
  if (!direct || !background) return std::nullopt;
  return *direct + *background;
}

std::optional<uint64_t> throttled_ns() {
  for (const char* path : {"/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"}) {
    const std::string text = read_proc(path);
    if (const auto us = counter(text, "throttled_usec")) return *us * 1000;
    if (const auto ns = counter(text, "throttled_time")) return ns;
  }
  return std::nullopt;
}

uint64_t nanoseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000ULL +
         static_cast<uint64_t>(time.tv_usec) * 1000ULL;
}

std::optional<uint64_t> difference(const std::optional<uint64_t>& before,
                                   const std::optional<uint64_t>& after) {
  if (!before || !after || *after < *before) return std::nullopt;
  return *after - *before;
}

}  // namespace

std::optional<DeviceCounters> device_counters(const std::string& device) {
  if (device.empty()) return std::nullopt;
  const auto fields = numbers_in(read_proc(fmt::format("/sys/dev/block/{}/stat", device)));
  if (fields.size() < 11) return std::nullopt;
  return DeviceCounters{fields[0], fields[1], fields[2] * 512, fields[10], fields[8]};
}

std::string block_device_of(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return {};
  dev_t dev = about.st_dev;
  if (major(dev) == 0) {
    const auto mount = mount_of(path);
    struct stat source{};
    if (!mount || !mount->source.starts_with("/dev/") || ::stat(mount->source.c_str(), &source) != 0)
      return {};
    dev = source.st_rdev;
  }
  const std::string device = fmt::format("{}:{}", major(dev), minor(dev));
  return device_counters(device) ? device : std::string();
}

Counters take_counters(const std::string& device, const std::string& nfs_mount) {
  Counters out;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  out.cpu_user_ns = nanoseconds(usage.ru_utime);
  out.cpu_system_ns = nanoseconds(usage.ru_stime);
  out.faults_minor = static_cast<uint64_t>(usage.ru_minflt);
  out.faults_major = static_cast<uint64_t>(usage.ru_majflt);
  out.switches_voluntary = static_cast<uint64_t>(usage.ru_nvcsw);
  out.switches_involuntary = static_cast<uint64_t>(usage.ru_nivcsw);
  StorageReads reads = storage_reads();
  out.io_read_bytes = reads.bytes;
  out.io_unknown = std::move(reads.why_unknown);
  out.machine_cpu_ns = machine_cpu_ns();
  const std::string vmstat = read_proc("/proc/vmstat");
  out.cache_drops = counter(vmstat, "drop_pagecache");
  out.pages_reclaimed = reclaimed_pages(vmstat);
  out.pages_refaulted = counter(vmstat, "workingset_refault_file");
  out.io_pressure_ns = pressure_ns("/proc/pressure/io");
  out.memory_pressure_ns = pressure_ns("/proc/pressure/memory");
  out.throttled_ns = throttled_ns();
  out.device = device_counters(device);
  out.nfs = nfs_counters(nfs_mount);
  out.taken_ns = now_ns();
  return out;
}

namespace {

void add_device_metrics(const Counters& before, const Counters& after, RunRecord& record) {
  if (!before.device || !after.device) return;
  const uint64_t reads = after.device->reads - before.device->reads;
  const uint64_t bytes = after.device->read_bytes - before.device->read_bytes;
  record.bytes.host_device = bytes;
  if (reads == 0) return;
  record.metrics.push_back({"device_read_requests", "count", static_cast<double>(reads)});
  if (after.device->read_merges >= before.device->read_merges) {
    record.metrics.push_back({"device_read_merges", "count",
                              static_cast<double>(after.device->read_merges - before.device->read_merges)});
  }
  record.metrics.push_back(
      {"device_request_bytes_mean", "bytes", static_cast<double>(bytes) / static_cast<double>(reads)});
  const double interval_ms = static_cast<double>(after.taken_ns - before.taken_ns) / 1e6;
  const auto weighted_ms = static_cast<double>(after.device->weighted_ms - before.device->weighted_ms);
  record.metrics.push_back({"device_in_flight_mean", "count", weighted_ms / interval_ms});
}

// The server is the device of an NFS mount: its bytes are what a cold read has to have.
void add_nfs_metrics(const Counters& before, const Counters& after, RunRecord& record) {
  if (!before.nfs) return;
  // Not /proc/self/io, which knows nothing of a server: no number rather than that one.
  record.bytes.device.reset();
  const bool forward = after.nfs && after.nfs->read_bytes >= before.nfs->read_bytes &&
                       after.nfs->read_requests >= before.nfs->read_requests &&
                       after.nfs->read_rtt_ms >= before.nfs->read_rtt_ms;
  if (!forward) return;
  const uint64_t bytes = after.nfs->read_bytes - before.nfs->read_bytes;
  const uint64_t requests = after.nfs->read_requests - before.nfs->read_requests;
  record.bytes.device = bytes;
  record.metrics.push_back({"nfs_read_bytes", "bytes", static_cast<double>(bytes)});
  record.metrics.push_back({"nfs_read_requests", "count", static_cast<double>(requests)});
  if (requests == 0) return;
  const auto rtt_ns = static_cast<double>(after.nfs->read_rtt_ms - before.nfs->read_rtt_ms) * 1e6;
  record.metrics.push_back({"nfs_read_rtt_mean_ns", "ns", rtt_ns / static_cast<double>(requests)});
}

void note_disturbances(const Counters& before, const Counters& after, RunRecord& record) {
  if (difference(before.cache_drops, after.cache_drops).value_or(0) != 0) {
    record.disturbed.emplace_back(
        "somebody dropped the page cache during the run (/proc/vmstat drop_pagecache)");
  }
  const uint64_t throttled_ns = difference(before.throttled_ns, after.throttled_ns).value_or(0);
  if (throttled_ns > 1'000'000) {
    record.disturbed.push_back(
        fmt::format("the cgroup's CPU limit stopped this process for {}", format_duration(throttled_ns)));
  }
  // Up to 5 % and 16 MiB beside our own is the machine's small talk.
  constexpr uint64_t kSmallTalkBytes = 16 * limits::kMiB;
  if (record.bytes.host_device && record.bytes.device) {
    const uint64_t own = *record.bytes.device;
    const uint64_t all = *record.bytes.host_device;
    if (all > own + own / 20 + kSmallTalkBytes) {
      record.disturbed.push_back(
          fmt::format("others read {} from the same device meanwhile", format_bytes_decimal(all - own)));
    }
  }
}

}  // namespace

void add_own_usage(const Counters& before, const Counters& after, RunRecord& record) {
  const auto add = [&record](std::string_view tag, std::string_view unit, uint64_t value) {
    record.metrics.push_back({std::string(tag), std::string(unit), static_cast<double>(value)});
  };
  add("cpu_user_ns", "ns", after.cpu_user_ns - before.cpu_user_ns);
  add("cpu_system_ns", "ns", after.cpu_system_ns - before.cpu_system_ns);
  add("faults_minor", "count", after.faults_minor - before.faults_minor);
  add("faults_major", "count", after.faults_major - before.faults_major);
  add("context_switches_voluntary", "count", after.switches_voluntary - before.switches_voluntary);
  add("context_switches_involuntary", "count", after.switches_involuntary - before.switches_involuntary);
}

void add_difference(const Counters& before, const Counters& after, RunRecord& record) {
  const auto add_if = [&record](std::string_view tag, std::string_view unit,
                                const std::optional<uint64_t>& value) {
    if (value) record.metrics.push_back({std::string(tag), std::string(unit), static_cast<double>(*value)});
  };
  record.bytes.device = difference(before.io_read_bytes, after.io_read_bytes);
  add_nfs_metrics(before, after, record);
  add_if("cpu_machine_ns", "ns", difference(before.machine_cpu_ns, after.machine_cpu_ns));
  add_if("io_pressure_ns", "ns", difference(before.io_pressure_ns, after.io_pressure_ns));
  add_if("memory_pressure_ns", "ns", difference(before.memory_pressure_ns, after.memory_pressure_ns));
  add_if("pages_reclaimed", "count", difference(before.pages_reclaimed, after.pages_reclaimed));
  add_if("pages_refaulted", "count", difference(before.pages_refaulted, after.pages_refaulted));
  add_if("cpu_throttled_ns", "ns", difference(before.throttled_ns, after.throttled_ns));
  add_device_metrics(before, after, record);
  note_disturbances(before, after, record);
}

ResidentMemory resident_memory() {
  const std::string status = read_proc("/proc/self/status");
  return {counter(status, "VmHWM").value_or(0) * 1024, counter(status, "RssAnon").value_or(0) * 1024};
}

}  // namespace coldload
