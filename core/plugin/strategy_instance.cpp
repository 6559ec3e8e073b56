#include <fmt/format.h>

#include <bit>
#include <utility>

#include "core/plugin/call.hpp"
#include "core/plugin/creation.hpp"
#include "core/plugin/instance.hpp"

namespace coldload {
namespace {

// Why a strategy's demands make no sense, or "".
std::string fault_of_requirements(const coldload_requirements& needs) {
  if (needs.capabilities >= 2 * COLDLOAD_CAN_NO_LOCAL_CACHE) {
    return fmt::format("capabilities {:#x}, some of which are none", needs.capabilities);
  }
  if ((needs.open_flags & ~uint32_t{COLDLOAD_OPEN_DIRECT}) != 0) {
    return fmt::format("open flags {:#x}, some of which are none", needs.open_flags);
  }
  if (!std::has_single_bit(needs.memory_alignment_bytes)) {
    return fmt::format("a memory alignment of {} bytes, expected a power of two",
                       needs.memory_alignment_bytes);
  }
  if (needs.buffer_bytes != 0 && needs.buffers_in_flight == 0) {
    return fmt::format("buffers of {} bytes, but none in flight", needs.buffer_bytes);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Strategy>> Strategy::create(const Registry& registry, const ComponentSpec& spec,
                                                   const std::string& base_directory,
                                                   const HostServices& host) {
  auto checked = check_spec(registry, {COLDLOAD_KIND_STRATEGY, "strategy"}, spec, {}, base_directory);
  if (!checked) return pass(checked);
  std::unique_ptr<Strategy> strategy(new Strategy);
  strategy->name_ = spec.name;
  strategy->component_ = checked->component;
  strategy->options_ = std::move(checked->options);
  const auto* ops = static_cast<const coldload_strategy_ops*>(strategy->component_.table->ops);
  const auto no_backend = [](const std::string&) -> const void* { return nullptr; };
  strategy->host_ = host.table_for(strategy->name_.c_str());
  auto self = create_self(strategy->component_, strategy->options_, ops->create, strategy->host_, no_backend);
  if (!self) return fail_of(spec, "strategy", self.error());
  strategy->self_ = *self;
  strategy->ops_ = ops;
  return strategy;
}

Strategy::~Strategy() {
  if (ops_ != nullptr) call_quietly(ops_->destroy, self_);
}

Result<coldload_requirements> Strategy::requirements(const coldload_model_size& model) const {
  coldload_requirements needs{};
  needs.struct_size = sizeof needs;
  needs.memory_alignment_bytes = 1;
  const auto called =
      call_plugin(*component_.plugin, "requirements", ops_->requirements, self_, &model, &needs);
  if (!called) return pass(called);
  if (const std::string fault = fault_of_requirements(needs); !fault.empty()) {
    return fail(Status::internal,
                fmt::format("plugin {}: requirements() gave {}", component_.plugin->id, fault));
  }
  return needs;
}

Result<void> Strategy::setup(const coldload_job& job) const {
  if (ops_->setup == nullptr) return {};
  return call_plugin(*component_.plugin, "setup", ops_->setup, self_, &job);
}

Result<void> Strategy::load(const coldload_job& job) const {
  return call_plugin(*component_.plugin, "load", ops_->load, self_, &job);
}

void Strategy::teardown() const {
  if (ops_->teardown != nullptr) call_quietly(ops_->teardown, self_);
}

}  // namespace coldload
