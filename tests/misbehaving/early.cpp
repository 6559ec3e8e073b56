// Delivers a buffer when its read has been submitted, not when it has ended.
#include <vector>

#include "coldload/cpp/transfer.hpp"
#include "loading.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Loading {
 public:
  using Loading::Loading;

  coldload_requirements requirements(const coldload_model_size& model) override {
    coldload_requirements needs = Loading::requirements(model);
    needs.extensions = sdk::kAsyncReadExtensions;
    return needs;
  }

  void load(const sdk::Job& job) override {
    const sdk::Chunks chunks(job, kChunkBytes);
    for (uint64_t i = 0; i < chunks.count(); ++i) {
      host_.throw_if_cancelled();
      sdk::ReadQueue queue(job.object(chunks[i].item), 1);
      const coldload_buffer buffer = job.acquire(chunks[i].item, chunks[i].offset, chunks[i].length);
      queue.submit(job.object(chunks[i].item), buffer, i);
      job.deliver(buffer);
      std::vector<coldload_completion> done(1);
      done.front().error.struct_size = sizeof(coldload_error);
      (void)queue.wait(done);
    }
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_early", "delivers before its I/O ended");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_early", "0.1.0", "coldload tests", &kComponent);
