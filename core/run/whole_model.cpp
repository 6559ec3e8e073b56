#include "core/run/whole_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coldload/ext/directory.h"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/model/directory.hpp"
#include "core/model/numbering.hpp"

namespace coldload {
namespace {

constexpr size_t kFaultsShown = 3;

bool lists_the_same(const Backend& backend, const FoundModel& model) {
  const auto listed = backend.list(model.path);
  return listed && std::ranges::equal(*listed, model.objects, {}, &ListedObject::key, &ListedObject::key);
}

// Those of a chain that hold the very objects: a staging backend's target, for one, need not.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the scenario's chain.
void add_holders(const Backend& backend, const FoundModel& model, std::vector<const Backend*>& holders) {
  holders.push_back(&backend);
  for (const auto& inner : backend.inner()) {
    if (lists_the_same(*inner, model)) add_holders(*inner, model, holders);
  }
}

std::string key_of(const FoundModel& model, std::string_view name) {
  return model.path.empty() ? std::string(name) : fmt::format("{}/{}", model.path, name);
}

bool holds(const FoundModel& model, std::string_view name) {
  const std::string key = key_of(model, name);
  return std::ranges::any_of(model.objects, [&](const ListedObject& each) { return each.key == key; });
}

Result<std::string> read_index(const Backend& backend, const FoundModel& model) {
  auto object = backend.open(key_of(model, kIndexName), 0);
  if (!object) return pass(object);
  const uint64_t size = (*object)->info().size_bytes;
  if (size > limits::kIndexBytesMax) {
    return fail(Status::integrity, fmt::format("{}: {}, the limit is {}", kIndexName, format_bytes(size),
                                               format_bytes(limits::kIndexBytesMax)));
  }
  std::string text(size, '\0');
  if (size == 0) return text;
  auto read = (*object)->read_at(0, text.data(), size);
  if (!read) return pass(read);
  return text;
}

Result<std::vector<std::string>> faults_by_index(const std::vector<const Backend*>& holders,
                                                 const FoundModel& model) {
  // A staging backend opens what it has copied, and lists what it will.
  const auto reader = std::ranges::find_if(holders, [](const Backend* each) { return !each->stages(); });
  if (reader == holders.end() || !holds(model, kIndexName)) return std::vector<std::string>{};
  const auto text = read_index(**reader, model);
  if (!text) return pass(text);
  const auto index = parse_index(*text);
  if (!index) return std::vector{fmt::format("{}: {}", kIndexName, index.error().message)};
  return missing_shards(*index, [&](std::string_view name) { return holds(model, name); });
}

// What numbered names say of each other, where no index does.
std::vector<std::string> faults_by_number(const FoundModel& model) {
  const size_t lead = model.path.empty() ? 0 : model.path.size() + 1;
  std::vector<std::string_view> names;
  for (const ListedObject& each : model.objects) {
    const std::string_view name = std::string_view(each.key).substr(std::min(lead, each.key.size()));
    if (name.ends_with(".safetensors") && !name.contains('/')) names.push_back(name);
  }
  std::ranges::sort(names);
  const auto held = [&](std::string_view name) { return std::ranges::binary_search(names, name); };
  std::vector<std::string> faults = missing_by_number(names, held);
  for (std::string& fault : faults) fault += ": missing, by the numbers of the others";
  return faults;
}

// Only what is a directory of this machine can be asked for what a listing passes over.
Result<std::vector<std::string>> faults_by_name(const Backend& backend, const FoundModel& model,
                                                Wanted wanted) {
  const auto* ops = static_cast<const coldload_directory_ops*>(backend.extension(COLDLOAD_EXT_DIRECTORY));
  int32_t fd = -1;
  const char* root = nullptr;
  coldload_error error{};
  error.struct_size = sizeof error;
  if (ops == nullptr || ops->root(backend.self(), &fd, &root, &error) != COLDLOAD_OK) {
    return std::vector<std::string>{};
  }
  return faulty_files(std::filesystem::path(root) / model.path, wanted);
}

Error incomplete(const FoundModel& model, const std::vector<std::string>& faults) {
  const size_t shown = std::min(faults.size(), kFaultsShown);
  const std::string more = faults.size() > shown ? fmt::format("; and {} more", faults.size() - shown) : "";
  const std::string name = model.path.empty() ? "the model" : fmt::format("model \"{}\"", model.path);
  return {Status::integrity, fmt::format("integrity: {} is not whole: {}{}: fetch what is missing; "
                                         "coldload inspect tells all of it",
                                         name, fmt::join(std::span(faults).first(shown), "; "), more)};
}

}  // namespace

Result<void> check_whole(const Backend& backend, const FoundModel& model, Wanted wanted) {
  std::vector<const Backend*> holders;
  add_holders(backend, model, holders);
  // The directory first, which tells what stands in a missing shard's place.
  Result<std::vector<std::string>> faults = std::vector<std::string>{};
  for (size_t i = 0; faults && faults->empty() && i < holders.size(); ++i) {
    faults = faults_by_name(*holders[i], model, wanted);
  }
  if (faults && faults->empty()) faults = faults_by_index(holders, model);
  if (!faults) return pass(faults);
  if (faults->empty() && !holds(model, kIndexName)) faults = faults_by_number(model);
  if (faults->empty()) return {};
  return std::unexpected(incomplete(model, *faults));
}

}  // namespace coldload
