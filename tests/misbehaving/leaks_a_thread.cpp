// Leaves a thread behind that does nothing.
#include <chrono>
#include <thread>

#include "loading.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Loading {
 public:
  using Loading::Loading;

  void load(const sdk::Job& job) override {
    const sdk::Chunks chunks(job, kChunkBytes);
    std::thread([] { std::this_thread::sleep_for(std::chrono::minutes(1)); }).detach();
    for (uint64_t i = 0; i < chunks.count(); ++i) {
      host_.throw_if_cancelled();
      bring(job, chunks[i]);
    }
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_leaks_a_thread", "does not join its threads");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_leaks_a_thread", "0.1.0", "coldload tests",
                       &kComponent);
