// Asks for one buffer and holds four.
#include <vector>

#include "loading.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Loading {
 public:
  using Loading::Loading;

  void load(const sdk::Job& job) override {
    const sdk::Chunks chunks(job, kChunkBytes);
    for (uint64_t i = 0; i < chunks.count();) {
      host_.throw_if_cancelled();
      std::vector<coldload_buffer> held;
      for (; i < chunks.count() && held.size() < 4; ++i) {
        held.push_back(job.acquire(chunks[i].item, chunks[i].offset, chunks[i].length));
      }
      for (const coldload_buffer& buffer : held) {
        job.read(buffer);
        job.deliver(buffer);
      }
    }
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_needs_more", "holds more buffers than it asked for");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_needs_more", "0.1.0", "coldload tests", &kComponent);
