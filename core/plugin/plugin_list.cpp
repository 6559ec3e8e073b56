#include "core/plugin/plugin_list.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "coldload/backend.h"
#include "core/base/sha256.hpp"
#include "core/plugin/plugin_table.hpp"
#include "core/plugin/trust.hpp"

namespace coldload {
namespace {

std::string abi_of(const coldload_plugin& plugin) {
  return fmt::format("{}.{}", plugin.abi_major, plugin.abi_minor);
}

json::object identity(const LoadedPlugin& loaded) {
  json::object entry{{"id", json::utf8(loaded.plugin->id)},
                     {"version", json::utf8(loaded.plugin->version)},
                     {"vendor", json::utf8(loaded.plugin->vendor)},
                     {"file", json::utf8(loaded.file.string())},
                     {"abi", abi_of(*loaded.plugin)}};
  if (const auto hash = sha256_of_file(loaded.file)) entry["sha256"] = *hash;
  return entry;
}

// "backend s3", as `describe` takes them with a slash.
std::vector<std::string> provided(const coldload_plugin& plugin, std::string_view between) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < plugin.component_count; ++i) {
    const coldload_component& component = component_at(plugin, i);
    const bool is_backend = std::string_view(component.kind) == COLDLOAD_KIND_BACKEND;
    names.push_back(fmt::format("{}{}{}", is_backend ? "backend" : "strategy", between, component.id));
  }
  return names;
}

// Owner and mode, or why they are not known.
struct Ownership {
  std::string owner;
  std::string mode;
  std::string failure;
};

Ownership ownership_of(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return {.owner = "", .mode = "", .failure = std::strerror(errno)};
  return {.owner = owner_name(status.st_uid, status.st_gid),
          .mode = fmt::format("{:04o}", status.st_mode & 07777U),
          .failure = ""};
}

std::string plugin_text(const LoadedPlugin& loaded) {
  const coldload_plugin& plugin = *loaded.plugin;
  const auto hash = sha256_of_file(loaded.file);
  const Ownership ownership = ownership_of(loaded.file);
  const std::string owner = ownership.failure.empty()
                                ? fmt::format("{}, mode {}", ownership.owner, ownership.mode)
                                : "not known: " + ownership.failure;
  return fmt::format(
      "{} {}\n  vendor    {}\n  abi       {}\n  provides  {}\n  file      {}\n  sha256    {}\n  owner     "
      "{}\n",
      plugin.id, plugin.version, plugin.vendor, abi_of(plugin), fmt::join(provided(plugin, " "), ", "),
      loaded.file.string(), hash ? *hash : "not known: " + hash.error().message, owner);
}

}  // namespace

json::array plugin_identities(const Registry& registry) {
  json::array plugins;
  for (const LoadedPlugin& loaded : registry.plugins()) plugins.push_back(identity(loaded));
  return plugins;
}

std::string plugin_list_text(const Registry& registry) {
  std::string text;
  for (const LoadedPlugin& loaded : registry.plugins())
    text += (text.empty() ? "" : "\n") + plugin_text(loaded);
  if (registry.plugins().empty()) text = "no plugin\n";
  if (registry.refused().empty()) return text;
  text += "\nRefused\n";
  for (const RefusedPlugin& refused : registry.refused()) {
    text += fmt::format("  {}: {}\n", refused.file.string(), refused.reason);
  }
  return text;
}

std::string plugin_list_json(const Registry& registry) {
  json::array plugins;
  for (const LoadedPlugin& loaded : registry.plugins()) {
    json::object entry = identity(loaded);
    const Ownership ownership = ownership_of(loaded.file);
    if (ownership.failure.empty()) {
      entry["owner"] = json::utf8(ownership.owner);
      entry["mode"] = ownership.mode;
    }
    json::array components;
    for (const std::string& name : provided(*loaded.plugin, "/")) components.emplace_back(name);
    entry["components"] = std::move(components);
    plugins.push_back(std::move(entry));
  }
  json::array refused;
  for (const RefusedPlugin& each : registry.refused()) {
    refused.push_back({{"file", json::utf8(each.file.string())}, {"reason", json::utf8(each.reason)}});
  }
  return json::dump_pretty(json::object{{"plugins", std::move(plugins)}, {"refused", std::move(refused)}});
}

}  // namespace coldload
