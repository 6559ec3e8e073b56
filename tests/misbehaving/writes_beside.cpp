// Writes a byte before the buffer it acquired.
#include <cstddef>

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
      host_.throw_if_cancelled();
      const coldload_buffer buffer = job.acquire(chunks[i].item, chunks[i].offset, chunks[i].length);
      job.read(buffer);
      *(static_cast<std::byte*>(buffer.data) - 1) = std::byte{0};
      job.deliver(buffer);
    }
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_writes_beside", "writes beside its buffers");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_writes_beside", "0.1.0", "coldload tests", &kComponent);
