// Claims that nothing read stays on this machine, and reads files of this machine, of which it tells no
// descriptor.
#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Storing {
 public:
  using Storing::Storing;

  coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override {
    coldload_object_info info = Storing::probe(prefix, open_flags);
    info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE;
    return info;
  }

 protected:
  std::unique_ptr<sdk::Object> wrapped(std::unique_ptr<sdk::Object> file,
                                       coldload_object_info& info) override {
    info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE;
    return file;
  }
};

constexpr coldload_component kComponent = sdk::backend_component<Misbehaving>(
    "misbehaving_false_no_cache", "claims NO_LOCAL_CACHE", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_false_no_cache", "0.1.0", "coldload tests",
                       &kComponent);
