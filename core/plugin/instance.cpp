// Backends and their objects; strategies are in strategy_instance.cpp.
#include "core/plugin/instance.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <ranges>
#include <utility>

#include "core/base/limits.hpp"
#include "core/plugin/call.hpp"
#include "core/plugin/creation.hpp"
#include "core/plugin/option_values.hpp"

namespace coldload {
namespace {

constexpr std::array<std::pair<uint32_t, std::string_view>, 8> kCapabilities = {{
    {COLDLOAD_CAN_READ_AT, "READ_AT"},
    {COLDLOAD_CAN_FD, "FD"},
    {COLDLOAD_CAN_MAP, "MAP"},
    {COLDLOAD_CAN_DIRECT, "DIRECT"},
    {COLDLOAD_CAN_PATH, "PATH"},
    {COLDLOAD_CAN_EVICT, "EVICT"},
    {COLDLOAD_CAN_RESIDENCY, "RESIDENCY"},
    {COLDLOAD_CAN_NO_LOCAL_CACHE, "NO_LOCAL_CACHE"},
}};

constexpr uint64_t kSizeMax = INT64_MAX;  // off_t

// Why a key cannot be an object's, or "".
std::string_view fault_of_key(std::string_view key, std::string_view prefix) {
  if (key.empty()) return "is empty";
  if (key.size() > limits::kKeyBytesMax) return "is longer than 4096 bytes";
  if (json::utf8(key) != key) return "is not valid UTF-8";
  for (const auto part : std::views::split(key, '/')) {
    const std::string_view name(part.begin(), part.end());
    if (name.empty()) return "has an empty part between slashes";
    if (name == "." || name == "..") return "leaves the backend's root with \".\" or \"..\"";
  }
  const bool below =
      prefix.empty() || key == prefix || (key.starts_with(prefix) && key[prefix.size()] == '/');
  return below ? "" : "lies outside what was asked for";
}

// Collects what list() reports; the first fault ends it.
struct Listing {
  const coldload_plugin& plugin;
  const std::string& prefix;
  std::vector<ListedObject> objects;
  std::optional<Error> fault;

  [[nodiscard]] coldload_status refuse(Status status, std::string message) {
    fault = Error{status, std::move(message), 0};
    return static_cast<coldload_status>(status);
  }

  [[nodiscard]] coldload_status add(const char* key, uint64_t size_bytes) {
    if (fault) return static_cast<coldload_status>(fault->status);
    const std::string_view name = key == nullptr ? "" : key;
    if (const std::string_view why = fault_of_key(name, prefix); !why.empty()) {
      return refuse(Status::internal,
                    json::utf8(fmt::format("plugin {}: list(\"{}\") gave the key \"{}\", which {}", plugin.id,
                                           prefix, name.substr(0, 256), why)));
    }
    if (size_bytes > kSizeMax) {
      return refuse(Status::internal,
                    fmt::format("plugin {}: list(\"{}\") gave \"{}\" a size of {} bytes, above 2^63 - 1",
                                plugin.id, prefix, name, size_bytes));
    }
    if (objects.size() == limits::kObjectsMax) {
      return refuse(Status::unsupported,
                    fmt::format("\"{}\" holds more than {} objects: name a folder further down", prefix,
                                limits::kObjectsMax));
    }
    objects.push_back({std::string(name), size_bytes});
    return COLDLOAD_OK;
  }

  static coldload_status from_plugin(void* context, const char* key, uint64_t size_bytes) noexcept {
    try {
      return static_cast<Listing*>(context)->add(key, size_bytes);
    } catch (...) {
      return COLDLOAD_OUT_OF_MEMORY;
    }
  }
};

coldload_object_info empty_info() {
  coldload_object_info info{};
  info.struct_size = sizeof info;
  info.fd = -1;
  info.memory_alignment_bytes = 1;
  info.offset_alignment_bytes = 1;
  return info;
}

// What holds for probe() and open() alike, or why it does not.
std::string fault_of_info(const coldload_object_info& info, const coldload_backend_ops& ops) {
  if (info.capabilities >= 2 * COLDLOAD_CAN_NO_LOCAL_CACHE) {
    return fmt::format("gave capabilities {:#x}, some of which are none", info.capabilities);
  }
  if (!std::has_single_bit(info.memory_alignment_bytes)) {
    return fmt::format("gave a memory alignment of {} bytes, expected a power of two",
                       info.memory_alignment_bytes);
  }
  if (!std::has_single_bit(info.offset_alignment_bytes) || info.offset_alignment_bytes > limits::kPageBytes) {
    return fmt::format("gave an offset alignment of {} bytes, expected a power of two up to {}",
                       info.offset_alignment_bytes, limits::kPageBytes);
  }
  const auto claims = [&](uint32_t capability) { return (info.capabilities & capability) != 0; };
  if (claims(COLDLOAD_CAN_EVICT) && ops.evict == nullptr) return "claims EVICT, but has no evict()";
  if (claims(COLDLOAD_CAN_RESIDENCY) && ops.residency == nullptr)
    return "claims RESIDENCY, but has no residency()";
  if (claims(COLDLOAD_CAN_MAP) && !claims(COLDLOAD_CAN_FD)) return "claims MAP without FD";
  return {};
}

std::string fault_of_opened(const coldload_object_info& info, const coldload_backend_ops& ops) {
  if (std::string fault = fault_of_info(info, ops); !fault.empty()) return fault;
  if (info.size_bytes > kSizeMax)
    return fmt::format("gave a size of {} bytes, above 2^63 - 1", info.size_bytes);
  if ((info.capabilities & COLDLOAD_CAN_FD) != 0 && info.fd < 0) return "claims FD, but gave no descriptor";
  const bool has_path = info.path != nullptr && *info.path == '/';
  if ((info.capabilities & COLDLOAD_CAN_PATH) != 0 && !has_path)
    return "claims PATH, but gave no absolute path";
  return {};
}

}  // namespace

std::string capability_names(uint32_t capabilities) {
  std::string names;
  for (const auto& [bit, name] : kCapabilities) {
    if ((capabilities & bit) != 0) names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return names;
}

Object::Object(const Backend& backend, void* self, std::string key, const coldload_object_info& info)
    : backend_(backend), self_(self), key_(std::move(key)), info_(info) {
  info_.struct_size = sizeof info_;
  table_ = {&backend_.ops(), backend_.self(), self_, &info_, key_.c_str()};
}

Object::~Object() {
  call_quietly(backend_.ops().close, backend_.self(), self_);
}

Result<void> Object::read_at(uint64_t offset, void* buffer, uint64_t length) const {
  return call_plugin(*backend_.component().plugin, "read_at", backend_.ops().read_at, self_, offset, buffer,
                     length);
}

Result<void> Object::evict() const {
  if (!can(COLDLOAD_CAN_EVICT)) {
    return fail(Status::unsupported,
                fmt::format("{}: backend \"{}\" cannot evict it", key_, backend_.name()));
  }
  return call_plugin(*backend_.component().plugin, "evict", backend_.ops().evict, self_);
}

Result<uint64_t> Object::residency() const {
  if (!can(COLDLOAD_CAN_RESIDENCY)) {
    return fail(Status::unsupported,
                fmt::format("{}: backend \"{}\" cannot tell its residency", key_, backend_.name()));
  }
  uint64_t resident_bytes = 0;
  const auto called = call_plugin(*backend_.component().plugin, "residency", backend_.ops().residency, self_,
                                  &resident_bytes);
  if (!called) return pass(called);
  return resident_bytes;
}

namespace {

std::vector<std::string> built_on(const EffectiveOptions& options) {
  std::vector<std::string> names;
  for (const EffectiveOption& option : options) {
    if (option.type == COLDLOAD_OPTION_BACKEND && !option.text.empty())
      names.push_back(fmt::format("{} \"{}\"", option.name, option.text));
  }
  return names;
}

// A copy is made where somebody asks its backend to; what is built on one would open what is not there yet.
// That it stages is known once it is created, so not to `coldload check`.
Result<void> refuse_staged(const ComponentSpec& spec, const EffectiveOptions& options,
                           const std::vector<std::unique_ptr<Backend>>& created) {
  for (const EffectiveOption& option : options) {
    if (option.type != COLDLOAD_OPTION_BACKEND) continue;
    const auto found = std::ranges::find(created, option.text, [](const auto& each) { return each->name(); });
    if (found == created.end() || !(*found)->stages()) continue;
    return fail_of(
        spec, "backend",
        {Status::invalid_option,
         fmt::format("{} = \"{}\": that backend stages, and its copy is made for its own cases only, "
                     "so nothing can be built on it: build on what it copies ({}), or the other way "
                     "round, a staging backend on this one",
                     option.name, option.text, fmt::join(built_on((*found)->options()), ", "))});
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Backend>> Backend::create(const Registry& registry, const BackendChain& chain,
                                                 const std::string& base_directory, const HostServices& host,
                                                 const StandIn& stand_in) {
  if (chain.empty()) return fail(Status::internal, "a backend was asked for without saying which");
  std::vector<std::unique_ptr<Backend>> created;
  for (const ComponentSpec& spec : chain) {
    std::vector<std::string> names;
    names.reserve(created.size());
    for (const auto& backend : created) names.push_back(backend->name());
    auto checked = check_spec(registry, {COLDLOAD_KIND_BACKEND, "backend"}, spec, names, base_directory);
    if (!checked) return pass(checked);
    std::unique_ptr<Backend> backend(new Backend);
    backend->name_ = spec.name;
    backend->component_ = checked->component;
    backend->options_ = std::move(checked->options);
    if (auto fault = refuse_staged(spec, backend->options_, created); !fault) return pass(fault);
    const auto* ops = static_cast<const coldload_backend_ops*>(backend->component_.table->ops);
    const auto find_backend = [&](const std::string& name) -> const void* {
      const auto found = std::ranges::find(created, name, [](const auto& each) { return each->name(); });
      if (found == created.end()) return nullptr;
      return stand_in ? stand_in(**found) : (*found)->table();
    };
    backend->host_ = host.table_for(backend->name_.c_str());
    auto self =
        create_self(backend->component_, backend->options_, ops->create, backend->host_, find_backend);
    if (!self) return fail_of(spec, "backend", self.error());
    backend->table_ = {ops, *self};
    created.push_back(std::move(backend));
  }
  std::unique_ptr<Backend> last = std::move(created.back());
  created.pop_back();
  last->inner_ = std::move(created);
  return last;
}

Backend::~Backend() {
  if (table_.ops != nullptr) call_quietly(table_.ops->destroy, table_.self);
  // Each may be built on those before it.
  while (!inner_.empty()) inner_.pop_back();
}

bool Backend::has_flag(uint32_t component_flag) const {
  if ((component_.table->flags & component_flag) != 0) return true;
  return std::ranges::any_of(inner_, [&](const auto& inner) { return inner->has_flag(component_flag); });
}

Result<std::vector<ListedObject>> Backend::list(const std::string& prefix) const {
  const coldload_plugin& plugin = *component_.plugin;
  Listing listing{plugin, prefix, {}, {}};
  const auto called = call_plugin(plugin, "list", ops().list, self(), prefix.c_str(), &Listing::from_plugin,
                                  static_cast<void*>(&listing));
  // What the host refused stands, whatever the plugin made of it.
  if (listing.fault) return std::unexpected(std::move(*listing.fault));
  if (!called) return pass(called);
  std::ranges::sort(listing.objects, {}, &ListedObject::key);
  const auto repeated = std::ranges::adjacent_find(listing.objects, {}, &ListedObject::key);
  if (repeated != listing.objects.end()) {
    return fail(Status::internal, fmt::format("plugin {}: list(\"{}\") gave the key \"{}\" twice", plugin.id,
                                              prefix, repeated->key));
  }
  return std::move(listing.objects);
}

Result<coldload_object_info> Backend::probe(const std::string& prefix, uint32_t open_flags) const {
  coldload_object_info info = empty_info();
  const auto called =
      call_plugin(*component_.plugin, "probe", ops().probe, self(), prefix.c_str(), open_flags, &info);
  if (!called) return pass(called);
  if (const std::string fault = fault_of_info(info, ops()); !fault.empty()) {
    return fail(Status::internal,
                fmt::format("plugin {}: probe(\"{}\") {}", component_.plugin->id, prefix, fault));
  }
  return info;
}

Result<std::unique_ptr<Object>> Backend::open(const std::string& key, uint32_t open_flags) const {
  coldload_object_info info = empty_info();
  void* self_of_object = nullptr;
  const auto called = call_plugin(*component_.plugin, "open", ops().open, self(), key.c_str(), open_flags,
                                  &self_of_object, &info);
  if (!called) return pass(called);
  auto object = std::make_unique<Object>(*this, self_of_object, key, info);
  if (const std::string fault = fault_of_opened(info, ops()); !fault.empty()) {
    return fail(Status::internal,
                fmt::format("plugin {}: open(\"{}\") {}", component_.plugin->id, key, fault));
  }
  return object;
}

const void* Backend::extension(const char* id) const {
  return ops().get_extension == nullptr ? nullptr : ops().get_extension(self(), id);
}

}  // namespace coldload
