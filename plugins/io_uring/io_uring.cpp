// Strategy "io_uring": many reads under way on few threads, through the kernel's rings.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/diagnose.hpp"
#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/threads.hpp"
#include "reader.hpp"
#include "ring.hpp"

namespace coldload::uring {
namespace {

class IoUring : public sdk::Strategy {
 public:
  IoUring(sdk::Host host, const sdk::Options& options)
      : host_(host),
        depth_(options.count("depth")),
        chunk_bytes_(sdk::checked_chunk_bytes("chunk", options.bytes("chunk"))),
        ring_count_(options.count("rings")),
        direct_(options.boolean("direct")),
        registered_buffers_(options.boolean("registered_buffers")),
        fixed_files_(options.boolean("fixed_files")),
        polling_(options.boolean("sqpoll") ? Polling::kernel_thread : Polling::interrupts) {}

  coldload_requirements requirements(const coldload_model_size& model) override {
    coldload_requirements needs = sdk::empty_requirements();
    needs.capabilities = COLDLOAD_CAN_FD;
    if (direct_) {
      needs.open_flags = COLDLOAD_OPEN_DIRECT;
      needs.capabilities |= COLDLOAD_CAN_DIRECT;
    }
    needs.buffer_bytes = sdk::buffer_bytes_for(chunk_bytes_, model);
    needs.buffers_in_flight = depth_ * ring_count_;
    needs.thread_count = ring_count_;
    return needs;
  }

  void setup(const sdk::Job& job) override {
    for (uint32_t i = 0; i < ring_count_; ++i) {
      rings_.push_back(std::make_unique<Ring>(depth_, polling_));
      if (registered_buffers_) rings_.back()->register_buffers(job);
      if (fixed_files_) rings_.back()->register_files(job);
    }
  }

  void load(const sdk::Job& job) override;
  void teardown() override { rings_.clear(); }

  const void* get_extension(std::string_view id) override {
    return id == COLDLOAD_EXT_DIAGNOSE ? &sdk::kDiagnoseOps<IoUring> : nullptr;
  }
  void diagnose(const std::string& prefix, sdk::Diagnosis& out) const;

 private:
  void leave_evidence(const sdk::Job& job, const Tally& total) const;

  sdk::Host host_;
  uint32_t depth_;
  uint64_t chunk_bytes_;
  uint32_t ring_count_;
  bool direct_;
  bool registered_buffers_;
  bool fixed_files_;
  Polling polling_;
  std::vector<std::unique_ptr<Ring>> rings_;
};

void IoUring::load(const sdk::Job& job) {
  const sdk::Chunks chunks(job, chunk_bytes_);
  std::atomic<uint64_t> next_chunk{0};
  std::vector<Tally> tallies(ring_count_);
  sdk::run_threads(ring_count_, [&](uint32_t index, const sdk::StopFlag& stop) {
    rings_[index]->enable();
    Reader reader(*rings_[index], depth_, job, host_);
    reader.run(chunks, next_chunk, stop);
    tallies[index] = reader.tally();
  });
  Tally total;
  for (const Tally& tally : tallies) {
    total.reads += tally.reads;
    total.registered_reads += tally.registered_reads;
    total.continued_reads += tally.continued_reads;
    total.waits += tally.waits;
  }
  leave_evidence(job, total);
}

// What setup() may be refused, tried small.
void IoUring::diagnose(const std::string& /*prefix*/, sdk::Diagnosis& out) const {
  constexpr size_t kTriedBytes = size_t{4} << 20;
  try {
    Ring ring(depth_, polling_);
    out.ok("io_uring: a ring of " + std::to_string(depth_) + " works, with " + ring.flag_names());
    const std::unique_ptr<void, decltype(&std::free)> memory(std::aligned_alloc(4096, kTriedBytes),
                                                             &std::free);
    if (!memory) throw std::bad_alloc();
    const char* const what = "io_uring: registering 4 MiB";
    try {
      ring.register_memory({{memory.get(), kTriedBytes}});
      out.ok(std::string(what) + " works");
    } catch (const sdk::Failure& refused) {
      out.warning(std::string(what) + " fails", refused.what(),
                  "raise the limit (`ulimit -l`), or leave registered_buffers off");
    }
  } catch (const sdk::Failure& refused) {
    out.error("io_uring: no ring can be made", refused.what(),
              "allow it (in a container: --security-opt seccomp=unconfined), or leave this strategy out");
  }
}

void IoUring::leave_evidence(const sdk::Job& job, const Tally& total) const {
  host_.evidence("threads", ring_count_);
  host_.evidence("rings", ring_count_);
  host_.evidence("depth", depth_);
  host_.evidence("chunk_bytes", chunk_bytes_);
  host_.evidence("direct", direct_ && job.all_offer(COLDLOAD_CAN_DIRECT));
  host_.evidence("ring_flags", rings_.front()->flag_names());
  host_.evidence("fixed_files", rings_.front()->has_fixed_files());
  host_.evidence("registered_buffers", rings_.front()->has_registered_buffers());
  // Fewer than reads if a buffer lay in no single region.
  host_.evidence("registered_reads", total.registered_reads);
  host_.evidence("sqpoll", polling_ == Polling::kernel_thread);
  host_.evidence("reads", total.reads);
  host_.evidence("continued_reads", total.continued_reads);
  host_.evidence("waits", total.waits);
}

constexpr coldload_option kOptions[] = {
    sdk::int_option("depth", "32", {"1", "4096"}, "reads", "under way at once on each ring"),
    sdk::bytes_option("chunk", "1 MiB", {"4 KiB", "256 MiB"}, "asked for in one read; a multiple of 4 KiB"),
    sdk::int_option("rings", "1", {"1", "64"}, "rings", "each with a thread of its own"),
    sdk::bool_option("direct", "false", "read past the page cache"),
    sdk::bool_option("registered_buffers", "false",
                     "read into memory that was registered with the rings before"),
    sdk::bool_option("fixed_files", "false",
                     "read from descriptors that were registered with the rings before"),
    sdk::bool_option("sqpoll", "false", "let a thread of the kernel pick the reads up"),
};
constexpr coldload_component kIoUring =
    sdk::strategy_component<IoUring>("io_uring", "many reads under way on few threads", kOptions);

}  // namespace
}  // namespace coldload::uring

COLDLOAD_EXPORT_PLUGIN("org.coldload.io_uring", "0.1.0", "coldload", &coldload::uring::kIoUring);
