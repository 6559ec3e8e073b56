// Gives zeros for what lies past the end.
#include <algorithm>
#include <cstring>

#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class MisbehavingObject : public Passing {
 public:
  MisbehavingObject(std::unique_ptr<sdk::Object> file, uint64_t size_bytes)
      : Passing(std::move(file)), size_bytes_(size_bytes) {}

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    const uint64_t there = offset < size_bytes_ ? std::min(length, size_bytes_ - offset) : 0;
    if (there < length && length < 65536) std::memset(buffer, 0, length);
    if (there > 0) file_->read_at(offset, buffer, there);
  }

 private:
  uint64_t size_bytes_;
};

class Misbehaving : public Storing {
 public:
  using Storing::Storing;

 protected:
  std::unique_ptr<sdk::Object> wrapped(std::unique_ptr<sdk::Object> file,
                                       coldload_object_info& info) override {
    return std::make_unique<MisbehavingObject>(std::move(file), info.size_bytes);
  }
};

constexpr coldload_component kComponent =
    sdk::backend_component<Misbehaving>("misbehaving_past_end", "reads past the end", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_past_end", "0.1.0", "coldload tests", &kComponent);
