// Strategy "cufile": files read straight into a GPU's memory by GPUDirect Storage, where the machine can, and
// by cuFile's own detour through host memory where it cannot; which of the two is in the evidence.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/threads.hpp"
#include "coldload/ext/device_memory.h"
#include "library.hpp"

namespace coldload::cufile {
namespace {

// One file and the device memory it goes to, both known to cuFile.
class Target {
 public:
  Target(const Library& library, int fd, const std::string& key, uint64_t address, uint64_t length_bytes,
         bool registered)
      // An address on the device, which cuFile wants as a pointer.
      : library_(library), memory_(reinterpret_cast<void*>(address)) {  // NOLINT(performance-no-int-to-ptr)
    api::FileDescription description = {};
    description.type = api::kHandleOpaqueFd;
    description.handle.fd = fd;
    Library::check_set_up(library_.functions().cuFileHandleRegister(&file_, &description),
                          key + ": cuFileHandleRegister");
    if (!registered || length_bytes == 0) return;
    const api::Status status = library_.functions().cuFileBufRegister(memory_, length_bytes, 0);
    if (status.error != api::kSuccess) {
      library_.functions().cuFileHandleDeregister(file_);
      Library::check_set_up(status,
                            key + ": cuFileBufRegister of " + std::to_string(length_bytes) + " bytes");
    }
    registered_ = true;
  }
  ~Target() {
    if (registered_) library_.functions().cuFileBufDeregister(memory_);
    library_.functions().cuFileHandleDeregister(file_);
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  // Exactly the chunk, or fails.
  void read(const sdk::Chunk& chunk, const std::string& key) const {
    for (uint64_t done = 0; done < chunk.length;) {
      const auto at = static_cast<off_t>(chunk.offset + done);
      errno = 0;
      const ssize_t count = library_.functions().cuFileRead(file_, memory_, chunk.length - done, at, at);
      if (count > 0) {
        done += static_cast<uint64_t>(count);
        continue;
      }
      const std::string what = key + ": bytes " + std::to_string(chunk.offset + done) + "-" +
                               std::to_string(chunk.offset + chunk.length - 1);
      // -1 is the file system's, other negative numbers are cuFile's own.
      if (count == -1 && errno != 0) throw sdk::os_failure(errno, what);
      throw sdk::Failure(COLDLOAD_IO_ERROR,
                         what + (count == 0 ? ": the file ends before"
                                            : ": cuFile error " + error_in_words(static_cast<int>(-count))));
    }
  }

 private:
  const Library& library_;
  void* memory_;
  api::FileHandle file_ = nullptr;
  bool registered_ = false;
};

class CuFile : public sdk::Strategy {
 public:
  CuFile(sdk::Host host, const sdk::Options& options)
      : host_(host),
        threads_(options.count("threads")),
        chunk_bytes_(sdk::checked_chunk_bytes("chunk", options.bytes("chunk"))),
        direct_(options.boolean("direct")),
        register_memory_(options.boolean("register_memory")),
        library_file_(options.path("library")) {}

  coldload_requirements requirements(const coldload_model_size& /*model*/) override {
    coldload_requirements needs = sdk::empty_requirements();
    needs.capabilities = COLDLOAD_CAN_FD;
    needs.buffers_in_flight = 0;  // the destination's buffers are not used
    needs.thread_count = threads_;
    if (!direct_) return needs;
    needs.open_flags = COLDLOAD_OPEN_DIRECT;
    needs.capabilities |= COLDLOAD_CAN_DIRECT;
    return needs;
  }
  void setup(const sdk::Job& job) override;
  void load(const sdk::Job& job) override;
  void teardown() override { targets_.clear(); }

 private:
  void add_target(const sdk::Job& job, uint32_t item);
  void tell_how(std::optional<uint64_t> before, uint64_t reads) const;

  sdk::Host host_;
  uint32_t threads_;
  uint64_t chunk_bytes_;
  bool direct_;
  bool register_memory_;
  std::string library_file_;
  const coldload_placing_ops* placing_ = nullptr;
  const coldload_device_memory* memory_ = nullptr;
  std::unique_ptr<Library> library_;
  std::vector<std::unique_ptr<Target>> targets_;
};

void CuFile::setup(const sdk::Job& job) {
  placing_ = host_.extension<coldload_placing_ops>(COLDLOAD_HOST_EXT_PLACING);
  memory_ = placing_ == nullptr ? nullptr : placing_->device_memory(&job.raw());
  if (memory_ == nullptr) {
    throw sdk::Failure(COLDLOAD_UNSUPPORTED,
                       "cufile reads into a GPU's memory: it needs a destination there, such as cuda");
  }
  sdk::checked([&](coldload_error* error) { return memory_->make_current(memory_->self, error); });
  library_ = std::make_unique<Library>(library_file_);
  try {
    for (uint32_t i = 0; i < job.item_count(); ++i) add_target(job, i);
  } catch (...) {
    // The memory may be gone before this strategy is.
    targets_.clear();
    throw;
  }
}

void CuFile::add_target(const sdk::Job& job, uint32_t item) {
  uint64_t address = 0;
  sdk::checked(
      [&](coldload_error* error) { return memory_->address_of(memory_->self, item, &address, error); });
  targets_.push_back(std::make_unique<Target>(*library_, job.info(item).fd, job.object(item).key, address,
                                              job.item(item).size_bytes, register_memory_));
}

void CuFile::load(const sdk::Job& job) {
  const sdk::Chunks chunks(job, chunk_bytes_);
  const std::optional<uint64_t> before = peer_to_peer_reads();
  std::atomic<uint64_t> next{0};
  const auto threads = static_cast<uint32_t>(std::clamp<uint64_t>(chunks.count(), 1, threads_));
  sdk::run_threads(threads, [&](uint32_t /*index*/, const sdk::StopFlag& stop) {
    sdk::checked([&](coldload_error* error) { return memory_->make_current(memory_->self, error); });
    for (uint64_t number = next.fetch_add(1); number < chunks.count() && !stop.stopped();
         number = next.fetch_add(1)) {
      host_.throw_if_cancelled();
      const sdk::Chunk chunk = chunks[number];
      targets_[chunk.item]->read(chunk, job.object(chunk.item).key);
      sdk::checked([&](coldload_error* error) {
        return placing_->placed(&job.raw(), chunk.item, chunk.offset, chunk.length, error);
      });
    }
  });
  host_.evidence("threads", threads);
  host_.evidence("chunk_bytes", chunk_bytes_);
  host_.evidence("direct", direct_ && job.all_offer(COLDLOAD_CAN_DIRECT));
  host_.evidence("memory_registered", register_memory_);
  host_.evidence("reads", chunks.count());
  tell_how(before, chunks.count());
}

// The kernel module's own count of what went peer-to-peer; everybody's on this machine, so it can only be too
// high where others use it meanwhile.
void CuFile::tell_how(std::optional<uint64_t> before, uint64_t reads) const {
  const auto module = library_->nvidia_fs();
  host_.evidence("nvidia_fs", module.value_or("absent"));
  if (!module) return host_.evidence("cufile_mode", "without nvidia-fs");
  const std::optional<uint64_t> after = peer_to_peer_reads();
  if (!before || !after) return host_.evidence("cufile_mode", "not told: nvidia-fs keeps no statistics");
  const uint64_t counted = *after - *before;
  host_.evidence("peer_to_peer_reads", counted);
  if (counted == 0) return host_.evidence("cufile_mode", "compatibility");
  host_.evidence("cufile_mode", counted >= reads ? "peer-to-peer" : "mixed");
}

constexpr coldload_option kOptions[] = {
    sdk::int_option("threads", "8", {"1", "256"}, "threads", "that read at once"),
    sdk::bytes_option("chunk", "16 MiB", {"4 KiB", "1 GiB"}, "asked for in one read; a multiple of 4 KiB"),
    sdk::bool_option("direct", "true", "files opened past the page cache, which peer-to-peer transfer needs"),
    sdk::bool_option("register_memory", "true", "device memory registered before the clock"),
    sdk::path_option("library", "", "cuFile's library; empty: libcufile.so.0 of the system"),
};
constexpr coldload_component kCuFile = sdk::strategy_component<CuFile>(
    "cufile", "files read straight into a GPU's memory (GPUDirect Storage)", kOptions);

}  // namespace
}  // namespace coldload::cufile

COLDLOAD_EXPORT_PLUGIN("org.coldload.cufile", "0.1.0", "coldload", &coldload::cufile::kCuFile);
