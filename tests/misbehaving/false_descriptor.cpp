// Claims a descriptor, and gives that of another file.
#include <fcntl.h>

#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Storing {
 public:
  Misbehaving(sdk::Host host, const sdk::Options& options)
      : Storing(host, options), other_(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)) {}

 protected:
  std::unique_ptr<sdk::Object> wrapped(std::unique_ptr<sdk::Object> file,
                                       coldload_object_info& info) override {
    info.fd = other_.get();
    info.capabilities &= ~uint32_t{COLDLOAD_CAN_MAP | COLDLOAD_CAN_EVICT | COLDLOAD_CAN_RESIDENCY};
    return file;
  }

 private:
  sdk::posix::Descriptor other_;
};

constexpr coldload_component kComponent = sdk::backend_component<Misbehaving>(
    "misbehaving_false_descriptor", "gives a descriptor that is not its own", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_false_descriptor", "0.1.0", "coldload tests",
                       &kComponent);
