#include "core/run/probe.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/plugin/instance.hpp"
#include "core/run/memory.hpp"

namespace coldload {
namespace {

constexpr uint64_t kBlockBytes = limits::kMiB;
constexpr uint64_t kDepthNs = 1'000'000'000;
constexpr uint64_t kDepthBytesMax = 2 * limits::kGiB;
constexpr uint64_t kMemoryBytes = 64 * limits::kMiB;  // beyond any core's cache
constexpr uint64_t kMemoryNs = 200'000'000;
constexpr int kCollapse = 25;  // MADV_COLLAPSE, which older headers lack

unsigned allowed_cores() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return static_cast<unsigned>(std::max(CPU_COUNT(&allowed), 1));
}

// Runs `body(thread)` on that many threads, which give the bytes they moved; bytes per second of all
// together.
double rate_of(unsigned thread_count, const std::function<uint64_t(unsigned)>& body) {
  std::vector<std::thread> threads;
  threads.reserve(thread_count);
  std::atomic<uint64_t> bytes{0};
  const uint64_t begin = now_ns();
  for (unsigned thread = 0; thread < thread_count; ++thread) {
    threads.emplace_back([&bytes, &body, thread] { bytes += body(thread); });
  }
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(bytes) * 1e9 / static_cast<double>(std::max<uint64_t>(now_ns() - begin, 1));
}

struct DirectFile {
  Descriptor file;
  uint64_t blocks = 0;
};

// One thread per request in flight, each with a block of its own; they take the model's blocks in order,
// round and round.
double direct_rate(const std::vector<DirectFile>& files, unsigned depth, const Memory& buffers,
                   const HostServices& host) {
  uint64_t total_blocks = 0;
  for (const DirectFile& file : files) total_blocks += file.blocks;
  std::atomic<uint64_t> next{0};
  const uint64_t until = now_ns() + kDepthNs;
  return rate_of(depth, [&](unsigned thread) {
    std::byte* buffer = buffers.data() + thread * kBlockBytes;
    uint64_t moved = 0;
    while (now_ns() < until && !host.cancelled()) {
      const uint64_t taken = next++;
      if (taken * kBlockBytes > kDepthBytesMax) break;
      uint64_t block = taken % total_blocks;
      size_t file = 0;
      while (block >= files[file].blocks) block -= files[file++].blocks;
      const ssize_t count =
          ::pread(files[file].file.get(), buffer, kBlockBytes, static_cast<off_t>(block * kBlockBytes));
      if (count <= 0) break;
      moved += static_cast<uint64_t>(count);
    }
    return moved;
  });
}

Result<std::vector<DirectFile>> open_direct(const WorkerRequest& request, const Backend& backend) {
  std::vector<DirectFile> files;
  for (const ModelObject& item : request.items) {
    auto object = backend.open(item.key, 0);
    if (!object) return pass(object);
    if (!(*object)->can(COLDLOAD_CAN_PATH)) return std::vector<DirectFile>{};
    Descriptor file(::open((*object)->info().path, O_RDONLY | O_DIRECT | O_CLOEXEC));
    if (!file.valid()) return std::vector<DirectFile>{};
    // Whole blocks only: a ceiling needs no tails.
    const uint64_t blocks = (*object)->info().size_bytes / kBlockBytes;
    if (blocks != 0) files.push_back({std::move(file), blocks});
  }
  return files;
}

Result<std::optional<ProbeRecord>> probe_device(const WorkerRequest& request, const Registry& registry,
                                                const HostServices& host) {
  auto backend = Backend::create(registry, request.backend, request.base_directory, host);
  if (!backend) return pass(backend);
  auto files = open_direct(request, **backend);
  if (!files) return pass(files);
  if (files->empty()) return std::optional<ProbeRecord>();
  constexpr unsigned kDepths[] = {1, 2, 4, 8, 16, 32};
  auto buffers = Memory::map(kDepths[std::size(kDepths) - 1] * kBlockBytes);
  if (!buffers) return pass(buffers);
  buffers->touch();
  ProbeRecord probe{"device/direct", (*backend)->name(), "", 0, {}};
  json::array sweep;
  for (const unsigned depth : kDepths) {
    const double rate = direct_rate(*files, depth, *buffers, host);
    sweep.push_back(json::object{{"depth", depth}, {"bytes_per_second", json::number(rate)}});
    if (rate > probe.bytes_per_second) {
      probe.bytes_per_second = rate;
      probe.detail["best_depth"] = depth;
    }
  }
  probe.detail["block_bytes"] = kBlockBytes;
  probe.detail["sweep"] = std::move(sweep);
  return std::optional<ProbeRecord>(std::move(probe));
}

double copy_rate(unsigned threads, const Memory& from, const Memory& to) {
  const uint64_t share = kMemoryBytes / threads / limits::kPageBytes * limits::kPageBytes;
  const uint64_t until = now_ns() + kMemoryNs;
  return rate_of(threads, [&](unsigned thread) {
    uint64_t moved = 0;
    while (now_ns() < until) {
      std::memcpy(to.data() + thread * share, from.data() + thread * share, share);
      moved += share;
    }
    return moved;
  });
}

// A memory file, in huge pages where the kernel has such: a file system's large folios are copied out of the
// page cache at several times the rate of single pages, and a ceiling has to lie above both.
struct CachedFile {
  Descriptor file;
  uint64_t page_bytes = limits::kPageBytes;
};

Result<CachedFile> cached_file(const Memory& content) {
  CachedFile cached{Descriptor(::memfd_create("coldload-probe", MFD_CLOEXEC))};
  const int fd = cached.file.get();
  if (fd < 0) return fail_errno(errno, "memfd_create");
  auto filled = write_all(fd, {reinterpret_cast<const char*>(content.data()), kMemoryBytes});
  if (!filled) return pass(filled);
  // Over memory that is aligned to huge pages; it stays this process's only as long as this takes.
  const auto window = Memory::map(kMemoryBytes);
  if (!window) return pass(window);
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  void* const mapped = ::mmap(window->data(), kMemoryBytes, kProtection, MAP_SHARED | MAP_FIXED, fd, 0);
  // Refused by a kernel before 6.1, and where no huge pages are free: the record tells.
  if (mapped != MAP_FAILED && ::madvise(mapped, kMemoryBytes, kCollapse) == 0) {
    cached.page_bytes = limits::kHugePageBytes;
  }
  return cached;
}

// The kernel's copy out of the page cache, from a memory file into 1 MiB buffers.
double cache_read_rate(unsigned threads, int file, const Memory& buffers) {
  const uint64_t until = now_ns() + kMemoryNs;
  return rate_of(threads, [&](unsigned thread) {
    std::byte* buffer = buffers.data() + thread * kBlockBytes;
    uint64_t moved = 0;
    for (uint64_t block = thread; now_ns() < until; ++block) {
      const auto offset = static_cast<off_t>(block % (kMemoryBytes / kBlockBytes) * kBlockBytes);
      const ssize_t count = ::pread(file, buffer, kBlockBytes, offset);
      if (count <= 0) break;
      moved += static_cast<uint64_t>(count);
    }
    return moved;
  });
}

Result<std::vector<ProbeRecord>> probe_memory() {
  const unsigned cores = allowed_cores();
  auto from = Memory::map(kMemoryBytes);
  auto to = Memory::map(std::max(kMemoryBytes, cores * kBlockBytes));
  if (!from || !to) return fail(Status::out_of_memory, "no memory for the memory probe");
  from->touch();
  to->touch();
  const auto cached = cached_file(*from);
  if (!cached) return pass(cached);
  std::vector<ProbeRecord> probes;
  std::vector<unsigned> thread_counts = {1};
  if (cores > 1) thread_counts.push_back(cores);
  for (const unsigned threads : thread_counts) {
    json::object detail{{"threads", threads}};
    probes.push_back({"memory/copy", "this machine", "", copy_rate(threads, *from, *to), detail});
    detail["page_bytes"] = cached->page_bytes;
    const double rate = cache_read_rate(threads, cached->file.get(), *to);
    probes.push_back({"memory/page_cache_read", "this machine", "", rate, std::move(detail)});
  }
  return probes;
}

Result<std::vector<ProbeRecord>> probe_destination(const ComponentSpec& spec,
                                                   const std::string& base_directory,
                                                   const Registry& registry, const HostServices& host) {
  const auto destination = DestinationComponent::create(registry, spec, base_directory, host);
  if (!destination) return pass(destination);
  const auto measured = (*destination)->measure_ceilings();
  if (!measured) return pass(measured);
  std::vector<ProbeRecord> probes;
  for (const MeasuredCeiling& each : *measured) {
    probes.push_back({each.tag, spec.name, "", each.bytes_per_second, {{"block_bytes", each.block_bytes}}});
  }
  return probes;
}

}  // namespace

Result<std::vector<ProbeRecord>> take_probes(const WorkerRequest& request, const Registry& registry,
                                             const HostServices& host) {
  if (request.destination_plugin) {
    return probe_destination(*request.destination_plugin, request.base_directory, registry, host);
  }
  std::vector<ProbeRecord> probes;
  if (!request.backend.empty()) {
    auto device = probe_device(request, registry, host);
    if (!device) return pass(device);
    const std::optional<ProbeRecord>& found = *device;
    if (found) probes.push_back(*found);
    return probes;
  }
  return probe_memory();
}

}  // namespace coldload
