// Leaves out the last byte of a read that is longer than a page, and says that all is well.
#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class MisbehavingObject : public Passing {
 public:
  using Passing::Passing;

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    file_->read_at(offset, buffer, length > 4096 ? length - 1 : length);
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
    "misbehaving_short_reads", "reads less than it is asked for", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_short_reads", "0.1.0", "coldload tests", &kComponent);
