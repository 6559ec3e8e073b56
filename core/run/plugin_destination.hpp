// A destination that a plugin provides, behind the interface of coldload's own: keeps what the boundary
// promises the plugin, whatever a strategy does.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/plugin/instance.hpp"
#include "core/run/destination.hpp"

namespace coldload {

class PluginDestination final : public Destination {
 public:
  explicit PluginDestination(std::unique_ptr<DestinationComponent> component)
      : component_(std::move(component)) {}

  [[nodiscard]] Result<void> begin(std::span<const uint64_t> item_bytes, const BufferNeeds& needs) override;
  [[nodiscard]] const std::vector<coldload_region>& regions() const override { return regions_; }
  [[nodiscard]] Result<void> acquire(uint32_t item, uint64_t offset, uint64_t length,
                                     coldload_buffer& out) override;
  [[nodiscard]] Result<void> deliver(const coldload_buffer& buffer) override;
  [[nodiscard]] Result<void> deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                            const std::byte* data) override;
  [[nodiscard]] Result<void> finish() override { return component_->finish(); }
  [[nodiscard]] Result<void> observe_kept() override;
  [[nodiscard]] const void* extension(const char* id) const override { return component_->extension(id); }
  void cancel() override { component_->cancel(); }
  [[nodiscard]] size_t outstanding() const override;

 private:
  // Where the plugin keeps the bytes, they are observed there, not on their way.
  [[nodiscard]] Result<void> observed_on_its_way(uint32_t item, uint64_t offset,
                                                 std::span<const std::byte> bytes) const;
  [[nodiscard]] Result<coldload_buffer> take_back(const coldload_buffer& buffer);

  std::unique_ptr<DestinationComponent> component_;
  std::vector<uint64_t> item_bytes_;
  std::vector<coldload_region> regions_;
  uint64_t buffer_bytes_ = 0;
  mutable std::mutex mutex_;
  uint64_t next_token_ = 0;
  std::unordered_map<uint64_t, coldload_buffer> out_;  // by our token; each with the plugin's own
};

}  // namespace coldload
