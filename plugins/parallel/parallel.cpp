// Strategy "parallel": several threads over the chunks of all objects, or each over an object of its own.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/threads.hpp"
#include "coldload/cpp/transfer.hpp"

namespace coldload::parallel {
namespace {

enum class Split { chunks, files };

// Hands chunks out to threads: single ones in order, or all of an object's to the thread that took the
// object.
class Work {
 public:
  Work(const sdk::Job& job, uint64_t chunk_bytes, Split split)
      : chunks_(job, chunk_bytes), item_count_(job.item_count()), split_(split) {}

  // What one thread has left of the object it took.
  struct Share {
    uint64_t next = 0;
    uint64_t end = 0;
  };

  [[nodiscard]] uint64_t chunk_count() const { return chunks_.count(); }
  // More threads than these would find nothing to do.
  [[nodiscard]] uint64_t unit_count() const {
    return split_ == Split::chunks ? chunks_.count() : item_count_;
  }

  [[nodiscard]] std::optional<sdk::Chunk> next(Share& share) {
    while (share.next == share.end) {
      const uint64_t unit = claimed_.fetch_add(1, std::memory_order_relaxed);
      if (unit >= unit_count()) return std::nullopt;
      const auto item = static_cast<uint32_t>(unit);
      share = split_ == Split::chunks ? Share{unit, unit + 1}
                                      : Share{chunks_.first(item), chunks_.first(item + 1)};
    }
    return chunks_[share.next++];
  }

 private:
  sdk::Chunks chunks_;
  uint64_t item_count_;
  Split split_;
  std::atomic<uint64_t> claimed_{0};
};

class Parallel : public sdk::Strategy {
 public:
  Parallel(sdk::Host host, const sdk::Options& options)
      : host_(host),
        threads_(options.count("threads")),
        chunk_bytes_(sdk::checked_chunk_bytes("chunk", options.bytes("chunk"))),
        split_(options.choice("split") == "files" ? Split::files : Split::chunks),
        direct_(options.boolean("direct")),
        in_flight_(options.count("in_flight")) {}

  coldload_requirements requirements(const coldload_model_size& model) override {
    coldload_requirements needs = sdk::empty_requirements();
    needs.buffer_bytes = sdk::buffer_bytes_for(chunk_bytes_, model);
    needs.buffers_in_flight = threads_ * in_flight_;
    needs.thread_count = threads_;
    if (direct_) {
      needs.open_flags = COLDLOAD_OPEN_DIRECT;
      needs.capabilities |= COLDLOAD_CAN_DIRECT;
    }
    if (in_flight_ > 1) {
      needs.extensions = sdk::kAsyncReadExtensions;
    } else {
      needs.capabilities |= COLDLOAD_CAN_READ_AT;
    }
    return needs;
  }

  void load(const sdk::Job& job) override {
    Work work(job, chunk_bytes_, split_);
    const auto threads = static_cast<uint32_t>(std::clamp<uint64_t>(work.unit_count(), 1, threads_));
    sdk::run_threads(threads, [&](uint32_t /*index*/, const sdk::StopFlag& stop) {
      Work::Share share;
      const auto next = [&]() -> std::optional<sdk::Chunk> {
        if (stop.stopped()) return std::nullopt;
        return work.next(share);
      };
      if (in_flight_ > 1) {
        sdk::transfer_in_flight(job, host_, in_flight_, next);
      } else {
        sdk::transfer(job, host_, next);
      }
    });
    host_.evidence("threads", threads);
    host_.evidence("chunk_bytes", chunk_bytes_);
    host_.evidence("split", split_ == Split::files ? "files" : "chunks");
    host_.evidence("in_flight", in_flight_);
    host_.evidence("direct", direct_ && job.all_offer(COLDLOAD_CAN_DIRECT));
    host_.evidence("reads", work.chunk_count());
  }

 private:
  sdk::Host host_;
  uint32_t threads_;
  uint64_t chunk_bytes_;
  Split split_;
  bool direct_;
  uint32_t in_flight_;
};

constexpr const char* kSplits[] = {"chunks", "files", nullptr};
constexpr coldload_option kOptions[] = {
    sdk::int_option("threads", "4", {"1", "256"}, "threads", "that read at once"),
    sdk::bytes_option("chunk", "8 MiB", {"4 KiB", "256 MiB"}, "asked for in one read; a multiple of 4 KiB"),
    sdk::choice_option("split", "chunks", kSplits,
                       "what a thread takes at a time: a chunk of any object, or a whole object"),
    sdk::bool_option("direct", "false", "read past the page cache"),
    sdk::int_option("in_flight", "1", {"1", "64"}, "reads",
                    "under way at once on each thread; above 1 the backend must offer async_read"),
};
constexpr coldload_component kParallel =
    sdk::strategy_component<Parallel>("parallel", "several threads over the chunks of all objects", kOptions);

}  // namespace
}  // namespace coldload::parallel

COLDLOAD_EXPORT_PLUGIN("org.coldload.parallel", "0.1.0", "coldload", &coldload::parallel::kParallel);
