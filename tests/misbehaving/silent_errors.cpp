// Fails without saying why: the message of every error is the same word.
#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Storing {
 public:
  using Storing::Storing;

  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override {
    try {
      return Storing::open(key, open_flags, info);
    } catch (const sdk::Failure& failure) {
      throw sdk::Failure(failure.status(), "failed");
    }
  }
};

constexpr coldload_component kComponent = sdk::backend_component<Misbehaving>(
    "misbehaving_silent_errors", "names nothing in its messages", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_silent_errors", "0.1.0", "coldload tests", &kComponent);
