// Which plugins there are, and what they provide. Scanning runs no plugin code beyond the dynamic linker's:
// every file is first opened in a child process, so one that crashes or throws while loading is refused by
// name and the others still work.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coldload/abi.h"
#include "core/base/result.hpp"
#include "core/plugin/trust.hpp"

namespace coldload {

// A component and the plugin it comes from. Pointers are valid until exit: plugins are never unloaded.
struct Component {
  const coldload_component* table = nullptr;
  const coldload_plugin* plugin = nullptr;
  std::filesystem::path file;
};

struct LoadedPlugin {
  const coldload_plugin* plugin = nullptr;
  std::filesystem::path file;  // absolute, links resolved
};

struct RefusedPlugin {
  std::filesystem::path file;
  std::string reason;  // "built for ABI 1.0, this host has 0.1", "crashed while loading (SIGSEGV)", …
};

// Where to look, in this order: `*.so` of each directory by name, or the file itself. The first plugin of an
// id wins and a later one is refused as a duplicate; a file met twice counts once. A directory that is not
// there is empty, one of `files_or_directories` is refused. An empty path is none.
struct SearchPath {
  std::vector<std::filesystem::path> files_or_directories;  // --plugin, repeatable
  std::vector<std::filesystem::path> environment;           // COLDLOAD_PLUGIN_PATH, ':'-separated
  std::filesystem::path user_data;                          // $XDG_DATA_HOME/coldload/plugins
  std::filesystem::path installed;  // <prefix>/lib/coldload/plugins of this executable
  std::optional<Trust> trust;       // files it objects to are refused unopened; without one none is
};

// From the environment and this executable's place. A relative path is an error (invalid_option) that names
// it: plugins are never taken from the current directory. So is an empty element of COLDLOAD_PLUGIN_PATH.
// `trust` is set for root.
[[nodiscard]] Result<SearchPath> default_search_path(
    const std::vector<std::filesystem::path>& plugin_options);

class Registry {
 public:
  [[nodiscard]] static Registry scan(const SearchPath& path);
  // Only these files (absolute), in this order: what a worker loads. Not pre-checked in a child.
  [[nodiscard]] static Registry load(const std::vector<std::filesystem::path>& files);

  [[nodiscard]] const std::vector<LoadedPlugin>& plugins() const { return plugins_; }
  [[nodiscard]] const std::vector<RefusedPlugin>& refused() const { return refused_; }
  // Components of one kind (COLDLOAD_KIND_…), sorted by id.
  [[nodiscard]] std::vector<Component> components(std::string_view kind) const;
  [[nodiscard]] std::optional<Component> find(std::string_view kind, std::string_view id) const;

 private:
  void load_file(const std::filesystem::path& file);

  std::vector<LoadedPlugin> plugins_;
  std::vector<RefusedPlugin> refused_;
};

}  // namespace coldload
