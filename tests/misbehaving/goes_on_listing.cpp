// Goes on with a listing that its caller has ended, and says that all is well.
#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Storing {
 public:
  using Storing::Storing;

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    Storing::list(prefix, [&](const std::string& key, uint64_t size_bytes) {
      try {
        callback(key, size_bytes);
      } catch (const sdk::Failure&) {  // NOLINT(bugprone-empty-catch): what it is here for
      }
    });
  }
};

constexpr coldload_component kComponent = sdk::backend_component<Misbehaving>(
    "misbehaving_goes_on_listing", "swallows what ends a listing", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_goes_on_listing", "0.1.0", "coldload tests",
                       &kComponent);
