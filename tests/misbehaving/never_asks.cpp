// Goes on to the end when the host says to stop.
#include <chrono>
#include <thread>

#include "loading.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Loading {
 public:
  using Loading::Loading;

  void load(const sdk::Job& job) override {
    const sdk::Chunks chunks(job, kChunkBytes);
    for (uint64_t i = 0; i < chunks.count(); ++i) {
      coldload_buffer buffer = {};
      buffer.struct_size = sizeof buffer;
      coldload_error error = {};
      error.struct_size = sizeof error;
      // Waits for a buffer whatever acquire() says.
      while (job.raw().acquire(&job.raw(), chunks[i].item, chunks[i].offset, chunks[i].length, &buffer,
                               &error) != COLDLOAD_OK) {
        if (host_.now_ns() - began_ns_ > kGivenUpNs)
          throw sdk::Failure(COLDLOAD_CANCELLED, "cancelled, late");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      job.read(buffer);
      job.deliver(buffer);
    }
    host_.evidence("threads", 1u);
  }

 private:
  // It ends at last, so that a test of it does.
  static constexpr uint64_t kGivenUpNs = 4'000'000'000;
  uint64_t began_ns_ = host_.now_ns();
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_never_asks", "never asks whether to stop");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_never_asks", "0.1.0", "coldload tests", &kComponent);
