// Throws while the dynamic linker runs its constructors.
#include <stdexcept>

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
    sdk::strategy_component<Honest>("misbehaving_throws_at_load", "loads as it should");

struct Thrower {
  Thrower() { throw std::runtime_error("thrown while the plugin was loaded"); }
};
const Thrower kThrower;

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_throws_at_load", "0.1.0", "coldload tests",
                       &kComponent);
