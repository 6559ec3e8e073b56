// What the kernel counted before and after the clock, and the metrics that their difference makes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/record/record.hpp"
#include "core/run/mountstats.hpp"

namespace coldload {

// One block device's statistics: /sys/dev/block/MAJOR:MINOR/stat.
struct DeviceCounters {
  uint64_t reads = 0;
  uint64_t read_merges = 0;  // joined with a neighbour before they were sent: not among `reads`
  uint64_t read_bytes = 0;
  uint64_t weighted_ms = 0;  // summed over requests in flight
  uint64_t in_flight = 0;
};

struct Counters {
  uint64_t taken_ns = 0;
  std::optional<uint64_t> io_read_bytes;  // from storage, on behalf of this process and of what it started
  std::string io_unknown;                 // why there are none
  uint64_t cpu_user_ns = 0;
  uint64_t cpu_system_ns = 0;
  std::optional<uint64_t> machine_cpu_ns;  // busy time of all cores
  uint64_t faults_minor = 0;
  uint64_t faults_major = 0;
  uint64_t switches_voluntary = 0;
  uint64_t switches_involuntary = 0;
  std::optional<uint64_t> cache_drops;  // /proc/vmstat drop_pagecache
  std::optional<uint64_t> pages_reclaimed;
  std::optional<uint64_t> pages_refaulted;
  std::optional<uint64_t> io_pressure_ns;  // PSI "some" total
  std::optional<uint64_t> memory_pressure_ns;
  std::optional<uint64_t> throttled_ns;  // cgroup CPU throttling
  std::optional<DeviceCounters> device;
  std::optional<NfsCounters> nfs;
};

// `device` as "253:0", `nfs_mount` as "/mnt/models", or "" for none. Costs about 0.2 ms. [control-thread]
[[nodiscard]] Counters take_counters(const std::string& device, const std::string& nfs_mount = {});

[[nodiscard]] std::optional<DeviceCounters> device_counters(const std::string& device);

// "253:0" of the block device below a file, by its st_dev or, for file systems with an anonymous one, the
// mount's source;
// "" where there is none (network, memory).
[[nodiscard]] std::string block_device_of(const std::string& path);

// Appends pressure, device requests, … of the interval to `record`, sets bytes.device and bytes.host_device
// (on an NFS mount the first is what came from the server), and notes as disturbances what makes the interval
// unfit: caches dropped, throttling, another reader of the device.
void add_difference(const Counters& before, const Counters& after, RunRecord& record);

// Appends what this process itself used in the interval: CPU, faults, context switches.
void add_own_usage(const Counters& before, const Counters& after, RunRecord& record);

// High-water mark and anonymous part of this process's resident memory, bytes.
struct ResidentMemory {
  uint64_t peak_bytes = 0;
  uint64_t anonymous_bytes = 0;
};
[[nodiscard]] ResidentMemory resident_memory();

}  // namespace coldload
