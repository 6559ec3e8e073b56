// Delivers one chunk, then sleeps for ever, whatever the host says.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
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
    if (chunks.count() > 0) bring(job, chunks[0]);
    // Tells a test that waits for it.
    if (const char* directory = std::getenv("COLDLOAD_TEST_MARK")) {
      const std::ofstream told(std::string(directory) + "/hanging");
    }
    for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_hang", "never returns, cancelled or not");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_hang", "0.1.0", "coldload tests", &kComponent);
