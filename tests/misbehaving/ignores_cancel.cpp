// Takes ten seconds for a read, whatever the host says meanwhile.
#include <chrono>
#include <thread>

#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class MisbehavingObject : public Passing {
 public:
  using Passing::Passing;

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    // The first few reads, which find out what there is, are quick.
    if (reads_++ > 0) std::this_thread::sleep_for(std::chrono::seconds(10));
    file_->read_at(offset, buffer, length);
  }

 private:
  int reads_ = 0;
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
    "misbehaving_ignores_cancel", "never asks whether to stop", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_ignores_cancel", "0.1.0", "coldload tests",
                       &kComponent);
