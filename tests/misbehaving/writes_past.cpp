// Writes one byte past the end of the buffer it is given.
#include <cstddef>

#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class MisbehavingObject : public Passing {
 public:
  using Passing::Passing;

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    file_->read_at(offset, buffer, length);
    static_cast<std::byte*>(buffer)[length] = std::byte{0};
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
    "misbehaving_writes_past", "writes beside the buffer", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_writes_past", "0.1.0", "coldload tests", &kComponent);
