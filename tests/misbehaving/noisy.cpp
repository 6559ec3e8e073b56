// Prints, and starts a thread, while it is opened.
#include <chrono>
#include <cstdio>
#include <thread>

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
    sdk::strategy_component<Honest>("misbehaving_noisy", "loads as it should");

struct Noise {
  Noise() noexcept {
    std::puts("loaded");
    std::fflush(stdout);
    std::thread([] { std::this_thread::sleep_for(std::chrono::minutes(1)); }).detach();
  }
};
const Noise kNoise;

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_noisy", "0.1.0", "coldload tests", &kComponent);
