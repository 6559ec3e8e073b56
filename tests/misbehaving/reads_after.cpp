// Leaves a thread that reads from an object after load() has returned.
#include <chrono>
#include <thread>
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
    for (uint64_t i = 0; i < chunks.count(); ++i) {
      host_.throw_if_cancelled();
      bring(job, chunks[i]);
    }
    if (job.item_count() == 0) return;
    std::thread([object = job.object(0)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      std::vector<char> one(1);
      coldload_error error = {};
      error.struct_size = sizeof error;
      (void)object.ops->read_at(object.self, 0, one.data(), one.size(), &error);
    }).detach();
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_reads_after", "reads when it is no longer its turn");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_reads_after", "0.1.0", "coldload tests", &kComponent);
