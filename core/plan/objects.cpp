#include "core/plan/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/model/directory.hpp"

namespace coldload {
namespace {

std::string missing(const ModelObject& object, std::string_view there, std::string_view from) {
  return fmt::format("{} ({} bytes on backend \"{}\") is not on backend \"{}\"", object.name,
                     object.size_bytes, there, from);
}

}  // namespace

bool is_copy_manifest(std::string_view key) {
  constexpr std::string_view kName = ".coldload-manifest";
  return key == kName || (key.ends_with(kName) && key[key.size() - kName.size() - 1] == '/');
}

Result<std::vector<ModelObject>> model_objects(std::span<const ListedObject> listing,
                                               std::string_view model_path) {
  std::vector<ObjectEntry> entries;
  for (const ListedObject& object : listing) {
    if (is_copy_manifest(object.key)) continue;
    entries.push_back({object.key, object.size_bytes});
  }
  auto classified = classify_objects(std::move(entries), model_path);
  if (!classified) return pass(classified);
  std::vector<ModelObject> objects;
  for (ClassifiedObject& item : classified->items) {
    objects.push_back({std::move(item.key), std::move(item.name), item.size_bytes, true});
  }
  for (ClassifiedObject& file : classified->small_files) {
    objects.push_back({std::move(file.key), std::move(file.name), file.size_bytes, false});
  }
  std::ranges::sort(objects, {}, &ModelObject::name);
  return objects;
}

std::optional<std::string> first_difference(const NamedObjects& a, const NamedObjects& b) {
  // Both are sorted by name, so the first place where they part is the first difference.
  const size_t shared = std::min(a.objects.size(), b.objects.size());
  for (size_t i = 0; i < shared; ++i) {
    const ModelObject& left = a.objects[i];
    const ModelObject& right = b.objects[i];
    if (left.name < right.name) return missing(left, a.backend, b.backend);
    if (right.name < left.name) return missing(right, b.backend, a.backend);
    if (left.size_bytes == right.size_bytes) continue;
    return fmt::format("{} has {} bytes on backend \"{}\" and {} bytes on backend \"{}\"", left.name,
                       left.size_bytes, a.backend, right.size_bytes, b.backend);
  }
  if (a.objects.size() > shared) return missing(a.objects[shared], a.backend, b.backend);
  if (b.objects.size() > shared) return missing(b.objects[shared], b.backend, a.backend);
  return std::nullopt;
}

bool choose_sample(std::vector<ModelObject>& objects, uint64_t sample_bytes) {
  uint64_t chosen_bytes = 0;
  bool left_out = false;
  for (ModelObject& object : objects) {
    if (!object.is_item) continue;
    if (chosen_bytes >= sample_bytes) {
      object.is_item = false;
      left_out = true;
    }
    chosen_bytes = saturating_add(chosen_bytes, object.size_bytes);
  }
  return left_out;
}

uint64_t saturating_add(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t saturating_multiply(uint64_t a, uint64_t b) {
  return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

uint64_t item_bytes_of(std::span<const ModelObject> objects) {
  uint64_t bytes = 0;
  for (const ModelObject& object : objects) {
    if (object.is_item) bytes = saturating_add(bytes, object.size_bytes);
  }
  return bytes;
}

uint64_t all_bytes_of(std::span<const ModelObject> objects) {
  uint64_t bytes = 0;
  for (const ModelObject& object : objects) bytes = saturating_add(bytes, object.size_bytes);
  return bytes;
}

}  // namespace coldload
