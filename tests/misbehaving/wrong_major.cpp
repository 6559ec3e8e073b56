// Was built for another major version of the ABI.
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

constexpr coldload_component kComponent =
    sdk::strategy_component<Honest>("misbehaving_wrong_major", "loads as it should");
constexpr const coldload_component* kComponents[] = {&kComponent};

}  // namespace

extern "C" COLDLOAD_EXPORT const coldload_plugin coldload_plugin_v1;
constexpr coldload_plugin coldload_plugin_v1 = {COLDLOAD_ABI_MAJOR + 7,
                                                COLDLOAD_ABI_MINOR,
                                                sizeof(coldload_plugin),
                                                1,
                                                "org.coldload.test.misbehaving_wrong_major",
                                                "0.1.0",
                                                "coldload tests",
                                                kComponents,
                                                nullptr,
                                                nullptr};
