// Leaves out the last byte of each object.
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
      sdk::Chunk chunk = chunks[i];
      if (chunk.offset + chunk.length == job.item(chunk.item).size_bytes) --chunk.length;
      if (chunk.length > 0) bring(job, chunk);
    }
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_misses_a_byte", "delivers one byte less than there is");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_misses_a_byte", "0.1.0", "coldload tests", &kComponent);
