// Promises in probe() what its objects do not offer.
#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Storing {
 public:
  using Storing::Storing;

  coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override {
    coldload_object_info info = Storing::probe(prefix, open_flags);
    info.capabilities |= COLDLOAD_CAN_NO_LOCAL_CACHE;
    return info;
  }
};

constexpr coldload_component kComponent =
    sdk::backend_component<Misbehaving>("misbehaving_false_promise", "promises too much", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_false_promise", "0.1.0", "coldload tests", &kComponent);
