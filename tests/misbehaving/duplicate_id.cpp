// Has the id and the component id of a plugin of ours.
#include "loading.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Honest : public Loading {
 public:
  using Loading::Loading;

  void load(const sdk::Job& job) override {
    const sdk::Chunks chunks(job, kChunkBytes);
    for (uint64_t i = 0; i < chunks.count(); ++i) bring(job, chunks[i]);
  }
};

constexpr coldload_component kComponent = sdk::strategy_component<Honest>("sequential", "loads as it should");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.sequential", "9.9.9", "coldload tests", &kComponent);
