// Strategy "mmap": files are mapped and their pages read through the mapping, as lazy safetensors loaders do.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/threads.hpp"
#include "prefetch.hpp"
#include "ranges.hpp"

namespace coldload::mmap {
namespace {

#ifdef MADV_POPULATE_READ
constexpr int kPopulateRead = MADV_POPULATE_READ;
#else
constexpr int kPopulateRead = 22;  // Since Linux 5.14.
#endif

struct Advice {
  const char* name;
  int value;
  bool whole_mapping;  // Given once for the file, else for each range before it is read.
};
constexpr Advice kAdvices[] = {
    {"normal", MADV_NORMAL, true},
    {"sequential", MADV_SEQUENTIAL, true},
    {"random", MADV_RANDOM, true},
    {"willneed", MADV_WILLNEED, true},
    // A whole file at once could not be cancelled.
    {"populate_read", kPopulateRead, false},
};

const Advice& advice_of(const std::string& name) {
  return *std::find_if(std::begin(kAdvices), std::end(kAdvices),
                       [&](const Advice& advice) { return name == advice.name; });
}

// A whole object, mapped. Advice for the whole of it is given when its first byte is wanted.
class Mapping {
 public:
  Mapping(const coldload_object& object, uint64_t size_bytes) : key_(object.key), length_(size_bytes) {
    if (length_ == 0) return;
    data_ = ::mmap(nullptr, length_, PROT_READ, MAP_PRIVATE, object.info->fd, 0);
    if (data_ == MAP_FAILED) {
      throw sdk::os_failure(errno, key_ + ": mapping " + std::to_string(length_) + " bytes");
    }
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (length_ != 0 && data_ != MAP_FAILED) ::munmap(data_, length_);
  }

  [[nodiscard]] const char* at(uint64_t offset) const { return static_cast<const char*>(data_) + offset; }
  [[nodiscard]] uint64_t page_count() const { return (length_ + page_bytes() - 1) / page_bytes(); }

  void advise_once(const Advice& advice) {
    std::call_once(advised_, [&] { advise(advice, 0, length_); });
  }
  void advise(const Advice& advice, uint64_t offset, uint64_t length) {
    const uint64_t page = page_bytes();
    const uint64_t start = offset / page * page;
    char* address = static_cast<char*>(data_) + start;
    if (::madvise(address, offset + length - start, advice.value) == 0) return;
    throw sdk::os_failure(errno, key_ + ": advice " + advice.name + " for bytes " + std::to_string(offset) +
                                     "-" + std::to_string(offset + length - 1));
  }

 private:
  static uint64_t page_bytes() { return static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)); }

  std::string key_;
  uint64_t length_;
  void* data_ = nullptr;
  std::once_flag advised_;
};

class Mmap : public sdk::Strategy {
 public:
  Mmap(sdk::Host host, const sdk::Options& options)
      : host_(host),
        advice_(advice_of(options.choice("advice"))),
        order_(options.choice("order") == "name" ? Order::name : Order::offset),
        threads_(options.count("threads")),
        prefetch_threads_(options.count("prefetch_threads")),
        prefetch_block_bytes_(sdk::checked_chunk_bytes("prefetch_block", options.bytes("prefetch_block"))),
        chunk_bytes_(sdk::checked_chunk_bytes("chunk", options.bytes("chunk"))),
        mapped_(options.choice("mapped")) {}

  coldload_requirements requirements(const coldload_model_size& /*model*/) override {
    coldload_requirements needs = sdk::empty_requirements();
    needs.capabilities = COLDLOAD_CAN_MAP | COLDLOAD_CAN_FD;
    needs.buffers_in_flight = threads_;
    needs.thread_count = threads_ + prefetch_threads_;
    return needs;
  }

  void setup(const sdk::Job& /*job*/) override {
    if (advice_.value == kPopulateRead) check_populate_read();
  }
  void load(const sdk::Job& job) override;
  void teardown() override { mappings_.clear(); }

 private:
  static void check_populate_read();
  void deliver(const sdk::Job& job, const sdk::Chunk& range);

  sdk::Host host_;
  const Advice& advice_;
  Order order_;
  uint32_t threads_;
  uint32_t prefetch_threads_;
  uint64_t prefetch_block_bytes_;
  uint64_t chunk_bytes_;
  std::string mapped_;
  std::vector<std::unique_ptr<Mapping>> mappings_;
};

// On a page of our own: the advice is older or newer than the kernel, whatever is mapped.
void Mmap::check_populate_read() {
  void* page = ::mmap(nullptr, sdk::kPageBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw sdk::os_failure(errno, "mapping a page");
  const int failed = ::madvise(page, sdk::kPageBytes, kPopulateRead) == 0 ? 0 : errno;
  ::munmap(page, sdk::kPageBytes);
  if (failed != 0) {
    throw sdk::Failure(COLDLOAD_UNSUPPORTED,
                       "advice populate_read is refused (errno " + std::to_string(failed) +
                           "): it needs Linux 5.14 or later",
                       failed);
  }
}

void Mmap::deliver(const sdk::Job& job, const sdk::Chunk& range) {
  Mapping& mapping = *mappings_[range.item];
  if (advice_.whole_mapping && advice_.value != MADV_NORMAL) mapping.advise_once(advice_);
  if (!advice_.whole_mapping) mapping.advise(advice_, range.offset, range.length);
  // A file that was cut short since it was opened raises SIGBUS here: the worker process is what isolates it.
  job.deliver_mapped(range.item, range.offset, range.length, mapping.at(range.offset));
}

void Mmap::load(const sdk::Job& job) {
  mappings_.clear();
  uint64_t pages = 0;
  for (uint32_t i = 0; i < job.item_count(); ++i) {
    mappings_.push_back(std::make_unique<Mapping>(job.object(i), job.item(i).size_bytes));
    pages += mappings_.back()->page_count();
  }
  const std::vector<sdk::Chunk> ranges = make_ranges(job, chunk_bytes_, order_);
  std::optional<Prefetch> prefetch;
  if (prefetch_threads_ > 0) {
    prefetch.emplace(job, host_, make_blocks(job, ranges, prefetch_block_bytes_),
                     uint64_t{2} * prefetch_threads_ * prefetch_block_bytes_);
  }

  std::atomic<uint64_t> next{0};
  const auto read = [&](const sdk::StopFlag& stop) {
    for (;;) {
      const uint64_t number = next.fetch_add(1, std::memory_order_relaxed);
      if (number >= ranges.size() || stop.stopped()) return;
      host_.throw_if_cancelled();
      deliver(job, ranges[number]);
      if (prefetch) prefetch->advance(ranges[number].length);
    }
  };
  sdk::run_threads(threads_ + prefetch_threads_, [&](uint32_t index, const sdk::StopFlag& stop) {
    if (index < threads_) {
      read(stop);
    } else {
      prefetch->run(stop);
    }
  });

  host_.evidence("mapped", mapped_);
  host_.evidence("advice", advice_.name);
  host_.evidence("order", order_ == Order::name ? "name" : "offset");
  host_.evidence("threads", threads_);
  host_.evidence("prefetch_threads", prefetch_threads_);
  if (prefetch) host_.evidence("prefetch_bytes", prefetch->bytes_read());
  host_.evidence("chunk_bytes", chunk_bytes_);
  host_.evidence("ranges", uint64_t{ranges.size()});
  host_.evidence("pages_mapped", pages);
}

constexpr const char* kAdviceChoices[] = {"normal",   "sequential",    "random",
                                          "willneed", "populate_read", nullptr};
constexpr const char* kOrderChoices[] = {"offset", "name", nullptr};
constexpr const char* kMappedChoices[] = {"copy", "touch", nullptr};
constexpr coldload_option kOptions[] = {
    sdk::choice_option("advice", "normal", kAdviceChoices, "what madvise() is told about each mapping"),
    sdk::choice_option("order", "offset", kOrderChoices, "front to back, or tensor by tensor sorted by name"),
    sdk::int_option("threads", "1", {"1", "256"}, "threads", "that read through the mapping"),
    sdk::int_option("prefetch_threads", "0", {"0", "256"}, "threads",
                    "that read the file ahead of the mapping"),
    sdk::bytes_option(
        "prefetch_block", "16 MiB", {"4 KiB", "1 GiB"},
        "a prefetching thread takes at a time; they stay within two blocks each of the mapping"),
    sdk::choice_option("mapped", "copy", kMappedChoices,
                       "what is done with mapped bytes: copied out, or one byte a page touched"),
    sdk::bytes_option("chunk", "8 MiB", {"4 KiB", "256 MiB"}, "handed over at a time; a multiple of 4 KiB"),
};
constexpr coldload_component kMmap =
    sdk::strategy_component<Mmap>("mmap", "files mapped into memory, read by page faults", kOptions);

}  // namespace
}  // namespace coldload::mmap

COLDLOAD_EXPORT_PLUGIN("org.coldload.mmap", "0.1.0", "coldload", &coldload::mmap::kMmap);
