// A model's objects as backends list them: which are loaded, and whether the backends mean the same model.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/plan/plan.hpp"

namespace coldload {

// What a staging copy leaves beside its files: no object of the model.
[[nodiscard]] bool is_copy_manifest(std::string_view key);

// Items and small files below `model_path`, by name; hidden and large other objects are left out. Errors
// (integrity): what core/model says of a listing that cannot be.
[[nodiscard]] Result<std::vector<ModelObject>> model_objects(std::span<const ListedObject> listing,
                                                             std::string_view model_path);

// Where two backends' lists of the same model differ first: "model.safetensors has 4096 bytes on backend
// "nvme" and 12 bytes on backend "lake"". Nothing where they agree.
struct NamedObjects {
  std::string_view backend;
  std::span<const ModelObject> objects;
};
[[nodiscard]] std::optional<std::string> first_difference(const NamedObjects& a, const NamedObjects& b);

// Leaves as items, in the order of names, as many whole shards as it takes to reach `sample_bytes`, at least
// one. True if any was left out.
[[nodiscard]] bool choose_sample(std::vector<ModelObject>& objects, uint64_t sample_bytes);

// Sums that stay at their maximum rather than overflow: sizes come from plugins.
[[nodiscard]] uint64_t item_bytes_of(std::span<const ModelObject> objects);
[[nodiscard]] uint64_t all_bytes_of(std::span<const ModelObject> objects);
[[nodiscard]] uint64_t saturating_add(uint64_t a, uint64_t b);
[[nodiscard]] uint64_t saturating_multiply(uint64_t a, uint64_t b);

}  // namespace coldload
