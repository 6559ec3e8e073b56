// Lets an exception out of load(), past the firewall of the SDK.
#include <stdexcept>

#include "loading.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

class Misbehaving : public Loading {
 public:
  using Loading::Loading;

  void load(const sdk::Job& /*job*/) override {}
};

coldload_status throwing_load(void* /*self*/, const coldload_job* /*job*/, coldload_error* /*error*/) {
  throw std::runtime_error("thrown by load()");
}

constexpr coldload_strategy_ops throwing_ops() {
  coldload_strategy_ops ops = sdk::kStrategyOps<Misbehaving>;
  ops.load = &throwing_load;
  return ops;
}
constexpr coldload_strategy_ops kOps = throwing_ops();

constexpr coldload_component throwing_component() {
  coldload_component component =
      sdk::strategy_component<Misbehaving>("misbehaving_throws", "throws across the boundary");
  component.ops = &kOps;
  return component;
}

constexpr coldload_component kComponent = throwing_component();

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_throws", "0.1.0", "coldload tests", &kComponent);
