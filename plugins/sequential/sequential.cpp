// Strategy "sequential": one thread, front to back, object after object.
#include <cstdint>
#include <optional>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/transfer.hpp"

namespace coldload::sequential {
namespace {

// No chunk is cut: each object is one read into one buffer of its size.
constexpr uint64_t kWholeFile = uint64_t{1} << 62;

class Sequential : public sdk::Strategy {
 public:
  Sequential(sdk::Host host, const sdk::Options& options)
      : host_(host),
        whole_file_(options.boolean("whole_file")),
        chunk_bytes_(whole_file_ ? kWholeFile : sdk::checked_chunk_bytes("chunk", options.bytes("chunk"))),
        direct_(options.boolean("direct")),
        in_flight_(options.count("in_flight")) {}

  coldload_requirements requirements(const coldload_model_size& model) override {
    coldload_requirements needs = sdk::empty_requirements();
    needs.buffer_bytes = sdk::buffer_bytes_for(chunk_bytes_, model);
    needs.buffers_in_flight = in_flight_;
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
    const sdk::Chunks chunks(job, chunk_bytes_);
    uint64_t number = 0;
    const auto next = [&]() -> std::optional<sdk::Chunk> {
      if (number == chunks.count()) return std::nullopt;
      return chunks[number++];
    };
    if (in_flight_ > 1) {
      sdk::transfer_in_flight(job, host_, in_flight_, next);
    } else {
      sdk::transfer(job, host_, next);
    }
    host_.evidence("threads", 1u);
    if (!whole_file_) host_.evidence("chunk_bytes", chunk_bytes_);
    host_.evidence("whole_file", whole_file_);
    host_.evidence("in_flight", in_flight_);
    host_.evidence("direct", direct_ && job.all_offer(COLDLOAD_CAN_DIRECT));
    host_.evidence("reads", number);
  }

 private:
  sdk::Host host_;
  bool whole_file_;
  uint64_t chunk_bytes_;
  bool direct_;
  uint32_t in_flight_;
};

constexpr coldload_option kOptions[] = {
    sdk::bytes_option("chunk", "8 MiB", {"4 KiB", "256 MiB"}, "asked for in one read; a multiple of 4 KiB"),
    sdk::bool_option("whole_file", "false",
                     "one read per object, into one buffer of its size; chunk has no say"),
    sdk::bool_option("direct", "false", "read past the page cache"),
    sdk::int_option("in_flight", "1", {"1", "64"}, "reads",
                    "under way at once; above 1 the backend must offer async_read"),
};
constexpr coldload_component kSequential = sdk::strategy_component<Sequential>(
    "sequential", "one thread, front to back, object after object", kOptions);

}  // namespace
}  // namespace coldload::sequential

COLDLOAD_EXPORT_PLUGIN("org.coldload.sequential", "0.1.0", "coldload", &coldload::sequential::kSequential);
