// Leaves the last chunk out and says that all is well.
#include "loading.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Loading {
 public:
  using Loading::Loading;

  void load(const sdk::Job& job) override {
    const sdk::Chunks chunks(job, kChunkBytes);
    for (uint64_t i = 0; i + 1 < chunks.count(); ++i) bring(job, chunks[i]);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_short", "delivers less than there is");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_short", "0.1.0", "coldload tests", &kComponent);
