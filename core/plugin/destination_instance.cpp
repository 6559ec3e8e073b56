#include <fmt/format.h>

#include <cmath>
#include <span>
#include <utility>

#include "coldload/ext/ceilings.h"
#include "core/base/limits.hpp"
#include "core/plugin/call.hpp"
#include "core/plugin/creation.hpp"
#include "core/plugin/instance.hpp"

namespace coldload {
namespace {

// Why what begin() gave makes no sense, or "".
std::string fault_of_pool(const coldload_destination_pool& pool) {
  if (pool.memory != COLDLOAD_MEMORY_HOST && pool.memory != COLDLOAD_MEMORY_PINNED) {
    return fmt::format("memory of kind {}, which is none", pool.memory);
  }
  if (pool.region_count != 0 && pool.regions == nullptr) return "regions, but no table of them";
  for (const coldload_region& region : std::span(pool.regions, pool.region_count)) {
    if (region.data == nullptr || region.length_bytes == 0 || region.length_bytes > limits::kRegionBytesMax) {
      return fmt::format("a region of {} bytes, expected 1 to {}", region.length_bytes,
                         limits::kRegionBytesMax);
    }
  }
  return {};
}

void note_ceiling(void* context, const coldload_ceiling* ceiling) noexcept {
  if (ceiling == nullptr || ceiling->struct_size < sizeof *ceiling || ceiling->tag == nullptr) return;
  if (!std::isfinite(ceiling->bytes_per_second) || ceiling->bytes_per_second <= 0) return;
  try {
    static_cast<std::vector<MeasuredCeiling>*>(context)->push_back(
        {json::utf8(ceiling->tag), ceiling->bytes_per_second, ceiling->block_bytes});
  } catch (...) {  // NOLINT(bugprone-empty-catch): one without memory was not taken
  }
}

}  // namespace

Result<std::unique_ptr<DestinationComponent>> DestinationComponent::create(const Registry& registry,
                                                                           const ComponentSpec& spec,
                                                                           const std::string& base_directory,
                                                                           const HostServices& host) {
  auto checked = check_spec(registry, {COLDLOAD_KIND_DESTINATION, "destination"}, spec, {}, base_directory);
  if (!checked) return pass(checked);
  std::unique_ptr<DestinationComponent> made(new DestinationComponent);
  made->name_ = spec.name;
  made->component_ = checked->component;
  made->options_ = std::move(checked->options);
  const auto* ops = static_cast<const coldload_destination_ops*>(made->component_.table->ops);
  const auto no_backend = [](const std::string&) -> const void* { return nullptr; };
  made->host_ = host.table_for(made->name_.c_str());
  auto self = create_self(made->component_, made->options_, ops->create, made->host_, no_backend);
  if (!self) return fail_of(spec, "destination", self.error());
  made->self_ = *self;
  made->ops_ = ops;
  return made;
}

DestinationComponent::~DestinationComponent() {
  if (ops_ != nullptr) call_quietly(ops_->destroy, self_);
}

Result<coldload_destination_pool> DestinationComponent::begin(const coldload_destination_needs& needs) const {
  coldload_destination_pool pool{};
  pool.struct_size = sizeof pool;
  const auto called = call_plugin(*component_.plugin, "begin", ops_->begin, self_, &needs, &pool);
  if (!called) return pass(called);
  if (const std::string fault = fault_of_pool(pool); !fault.empty()) {
    return fail(Status::internal, fmt::format("plugin {}: begin() gave {}", component_.plugin->id, fault));
  }
  return pool;
}

Result<void> DestinationComponent::acquire(uint32_t item, uint64_t offset, uint64_t length,
                                           coldload_buffer& out) const {
  auto called = call_plugin(*component_.plugin, "acquire", ops_->acquire, self_, item, offset, length, &out);
  if (!called) return called;
  const auto address = reinterpret_cast<uintptr_t>(out.data);
  const bool fits = out.data != nullptr && out.capacity_bytes >= length &&
                    address % COLDLOAD_BUFFER_PAGE_BYTES == offset % COLDLOAD_BUFFER_PAGE_BYTES;
  if (fits) return {};
  return fail(Status::internal,
              fmt::format("plugin {}: acquire() gave a buffer of {} bytes at {:#x} for bytes {}+{}",
                          component_.plugin->id, out.capacity_bytes, address, offset, length));
}

Result<void> DestinationComponent::deliver(const coldload_buffer& buffer) const {
  return call_plugin(*component_.plugin, "deliver", ops_->deliver, self_, &buffer);
}

Result<void> DestinationComponent::deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                                  const std::byte* data) const {
  return call_plugin(*component_.plugin, "deliver_mapped", ops_->deliver_mapped, self_, item, offset, length,
                     static_cast<const void*>(data));
}

Result<void> DestinationComponent::finish() const {
  return call_plugin(*component_.plugin, "finish", ops_->finish, self_);
}

void DestinationComponent::cancel() const {
  call_quietly(ops_->cancel, self_);
}

Result<void> DestinationComponent::read_back(uint32_t item, uint64_t offset, std::byte* buffer,
                                             uint64_t length) const {
  return call_plugin(*component_.plugin, "read_back", ops_->read_back, self_, item, offset,
                     static_cast<void*>(buffer), length);
}

const void* DestinationComponent::extension(const char* id) const {
  return ops_->get_extension == nullptr ? nullptr : ops_->get_extension(self_, id);
}

Result<std::vector<MeasuredCeiling>> DestinationComponent::measure_ceilings() const {
  std::vector<MeasuredCeiling> found;
  const auto* ceilings = static_cast<const coldload_ceilings_ops*>(extension(COLDLOAD_EXT_CEILINGS));
  if (ceilings == nullptr || ceilings->measure == nullptr) return found;
  const auto called = call_plugin(*component_.plugin, "measure", ceilings->measure, self_, &note_ceiling,
                                  static_cast<void*>(&found));
  if (!called) return pass(called);
  return found;
}

}  // namespace coldload
