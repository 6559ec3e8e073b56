// Delivers the first chunk of each object twice.
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
      bring(job, chunks[i]);
      if (chunks[i].offset == 0) bring(job, chunks[i]);
    }
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_twice", "delivers the same bytes again");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_twice", "0.1.0", "coldload tests", &kComponent);
