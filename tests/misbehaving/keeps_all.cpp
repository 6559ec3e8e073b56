// Reads every object whole into memory of its own, and delivers from there.
#include <cstring>
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
    std::vector<std::vector<char>> kept;
    for (uint64_t i = 0; i < chunks.count(); ++i) {
      host_.throw_if_cancelled();
      const coldload_buffer buffer = job.acquire(chunks[i].item, chunks[i].offset, chunks[i].length);
      job.read(buffer);
      const auto* bytes = static_cast<const char*>(buffer.data);
      kept.emplace_back(bytes, bytes + buffer.length);
      job.deliver(buffer);
    }
    host_.evidence("threads", 1u);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_keeps_all", "takes as much memory as the model");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_keeps_all", "0.1.0", "coldload tests", &kComponent);
