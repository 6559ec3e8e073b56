// Starts a thread for each backend, and leaves it and a descriptor behind.
#include <fcntl.h>
#include <chrono>
#include <thread>

#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Storing {
 public:
  Misbehaving(sdk::Host host, const sdk::Options& options) : Storing(host, options) {
    (void)sdk::posix::Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)).release();
    std::thread([] { std::this_thread::sleep_for(std::chrono::minutes(1)); }).detach();
  }
};

constexpr coldload_component kComponent =
    sdk::backend_component<Misbehaving>("misbehaving_leaks", "gives nothing back", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_leaks", "0.1.0", "coldload tests", &kComponent);
