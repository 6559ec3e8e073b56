// Delivers one chunk, then dies by SIGSEGV.
#include <csignal>

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
    // Not a null dereference, which a sanitizer would turn into an ordinary exit with a report of its own.
    ::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
  }
};

constexpr coldload_component kComponent =
    sdk::strategy_component<Misbehaving>("misbehaving_crash", "dies in the middle of a load");

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_crash", "0.1.0", "coldload tests", &kComponent);
