// Delivers what is in the buffer, whether the read went well or not.
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
      const coldload_buffer buffer = job.acquire(chunks[i].item, chunks[i].offset, chunks[i].length);
      try {
        job.read(buffer);
      } catch (const sdk::Failure&) {  // NOLINT(bugprone-empty-catch): what it is here for
      }
      job.deliver(buffer);
    }
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_ignores_errors", "does not look at what a read says");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_ignores_errors", "0.1.0", "coldload tests",
                       &kComponent);
