// Has an option whose default lies outside its own range.
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

constexpr coldload_option kOptions[] = {
    sdk::int_option("threads", "0", {"1", "64"}, "threads", "that nobody starts"),
};
constexpr coldload_component kComponent =
    sdk::strategy_component<Honest>("misbehaving_bad_default", "loads as it should", kOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_bad_default", "0.1.0", "coldload tests", &kComponent);
