// Goes on writing to a buffer after the read has returned.
#include <chrono>
#include <cstring>
#include <thread>

#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class MisbehavingObject : public Passing {
 public:
  using Passing::Passing;

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    file_->read_at(offset, buffer, length);
    std::thread([buffer, length] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      std::memset(buffer, 0, length);
    }).detach();
  }
};

class Misbehaving : public Storing {
 public:
  using Storing::Storing;

 protected:
  std::unique_ptr<sdk::Object> wrapped(std::unique_ptr<sdk::Object> file,
                                       coldload_object_info& /*info*/) override {
    return std::make_unique<MisbehavingObject>(std::move(file));
  }
};

constexpr coldload_component kComponent = sdk::backend_component<Misbehaving>(
    "misbehaving_late_writes", "writes after it said that it was done", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_late_writes", "0.1.0", "coldload tests", &kComponent);
