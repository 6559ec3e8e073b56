// Delivers every range, with one wrong byte in each object, and claims that it read past the page cache.
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
      const sdk::Chunk chunk = chunks[i];
      const coldload_buffer buffer = job.acquire(chunk.item, chunk.offset, chunk.length);
      job.read(buffer);
      if (chunk.offset == 0) *static_cast<unsigned char*>(buffer.data) ^= 1u;
      job.deliver(buffer);
    }
    host_.evidence("direct", true);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_lie", "delivers wrong bytes and false evidence");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_lie", "0.1.0", "coldload tests", &kComponent);
