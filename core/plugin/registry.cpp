#include "core/plugin/registry.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "core/base/limits.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/plugin_table.hpp"
#include "core/plugin/precheck.hpp"
#include "core/plugin/trust.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> relative_path(std::string_view source, const std::string& path) {
  return fail(
      Status::invalid_option,
      fmt::format("{}: \"{}\" is not an absolute path, and plugins are never looked for in the current "
                  "directory",
                  source, path));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// COLDLOAD_PLUGIN_PATH; set to nothing it is as good as not set.
Result<std::vector<fs::path>> paths_of_environment() {
  constexpr const char* kName = "COLDLOAD_PLUGIN_PATH";
  const std::string text = environment(kName);
  std::vector<fs::path> paths;
  if (text.empty()) return paths;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(':', start), text.size());
    const std::string element = text.substr(start, end - start);
    if (element.empty()) {
      return fail(
          Status::invalid_option,
          fmt::format(
              "{}: element {} of \"{}\" is empty; plugins are never looked for in the current directory",
              kName, paths.size() + 1, text));
    }
    if (element.front() != '/') return relative_path(kName, element);
    paths.emplace_back(element);
    start = end + 1;
  }
  return paths;
}

Result<fs::path> user_data_directory() {
  const std::string data = environment("XDG_DATA_HOME");
  const std::string home = environment("HOME");
  if (!data.empty()) {
    if (data.front() != '/') return relative_path("XDG_DATA_HOME", data);
    return fs::path(data) / "coldload/plugins";
  }
  if (home.empty()) return fs::path{};
  if (home.front() != '/') return relative_path("HOME", home);
  return fs::path(home) / ".local/share/coldload/plugins";
}

// Files of one directory or the file itself, in the order they are to be opened.
struct Candidates {
  std::vector<fs::path> files;
  std::vector<RefusedPlugin> refused;

  void add(const fs::path& path, bool must_exist) {
    if (path.empty()) return;
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) return add_directory(path);
    if (fs::exists(status)) return add_file(path);
    if (must_exist) refused.push_back({path, fmt::format("cannot be found: {}", error.message())});
  }

  // Before any of them is opened: to open one is to run what it does at load time.
  void leave_out_replaceable(const std::optional<Trust>& trust) {
    if (!trust) return;
    std::erase_if(files, [&](const fs::path& file) {
      std::string objection = trust->objection(file);
      if (objection.empty()) return false;
      refused.push_back({file, std::move(objection)});
      return true;
    });
  }

 private:
  void add_directory(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> found;
    for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      if (entry->path().extension() == ".so") found.push_back(entry->path());
    }
    if (error) refused.push_back({directory, fmt::format("cannot be listed: {}", error.message())});
    std::ranges::sort(found);
    for (const fs::path& file : found) add_file(file);
  }

  void add_file(const fs::path& path) {
    std::error_code error;
    const fs::path file = fs::canonical(path, error);
    if (error) {
      refused.push_back({path, fmt::format("cannot be opened: {}", error.message())});
      return;
    }
    // Opening a FIFO would wait for somebody to write to it.
    if (!fs::is_regular_file(file, error)) {
      refused.push_back({file, "is no regular file"});
      return;
    }
    if (std::ranges::find(files, file) != files.end()) return;
    if (files.size() == limits::kPluginsMax) {
      refused.push_back(
          {file, fmt::format("is one more than the limit of {} plugin files", limits::kPluginsMax)});
      return;
    }
    files.push_back(file);
  }
};

// Why this plugin cannot stand beside those loaded, or "".
std::string conflict(const coldload_plugin& plugin, const std::vector<LoadedPlugin>& loaded) {
  for (const LoadedPlugin& earlier : loaded) {
    if (std::string_view(earlier.plugin->id) == plugin.id) {
      return fmt::format("duplicate plugin id \"{}\": {} has it already", plugin.id, earlier.file.string());
    }
    for (uint32_t i = 0; i < plugin.component_count; ++i) {
      const coldload_component& mine = component_at(plugin, i);
      for (uint32_t j = 0; j < earlier.plugin->component_count; ++j) {
        const coldload_component& theirs = component_at(*earlier.plugin, j);
        if (std::string_view(mine.kind) == theirs.kind && std::string_view(mine.id) == theirs.id) {
          return fmt::format("duplicate component \"{}\": {} has it already", mine.id, earlier.file.string());
        }
      }
    }
  }
  return {};
}

}  // namespace

Result<SearchPath> default_search_path(const std::vector<fs::path>& plugin_options) {
  SearchPath path;
  for (const fs::path& option : plugin_options) {
    if (!option.is_absolute()) return relative_path("--plugin", option.string());
    path.files_or_directories.push_back(option);
  }
  auto from_environment = paths_of_environment();
  if (!from_environment) return pass(from_environment);
  path.environment = std::move(*from_environment);
  auto user_data = user_data_directory();
  if (!user_data) return pass(user_data);
  path.user_data = std::move(*user_data);
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    return fail(Status::io_error, fmt::format("/proc/self/exe: {}", error.message()), error.value());
  }
  path.installed = executable.parent_path().parent_path() / "lib/coldload/plugins";
  if (is_privileged()) path.trust = Trust(::geteuid(), executable);
  return path;
}

Registry Registry::scan(const SearchPath& path) {
  Candidates candidates;
  for (const fs::path& named : path.files_or_directories) candidates.add(named, true);
  for (const fs::path& named : path.environment) candidates.add(named, false);
  candidates.add(path.user_data, false);
  candidates.add(path.installed, false);

  candidates.leave_out_replaceable(path.trust);
  Registry registry;
  registry.refused_ = std::move(candidates.refused);
  const std::vector<std::string> reasons = check_in_child(candidates.files, limits::kPluginCheckMs);
  for (size_t i = 0; i < candidates.files.size(); ++i) {
    if (reasons[i].empty()) {
      registry.load_file(candidates.files[i]);
    } else {
      registry.refused_.push_back({candidates.files[i], reasons[i]});
    }
  }
  return registry;
}

Registry Registry::load(const std::vector<fs::path>& files) {
  Registry registry;
  for (const fs::path& file : files) {
    if (file.is_absolute()) {
      registry.load_file(file);
    } else {
      registry.refused_.push_back({file, "is not an absolute path"});
    }
  }
  return registry;
}

void Registry::load_file(const fs::path& file) {
  const auto plugin = open_plugin(file);
  std::string reason = plugin ? conflict(**plugin, plugins_) : plugin.error().message;
  if (reason.empty()) {
    plugins_.push_back({*plugin, file});
  } else {
    refused_.push_back({file, std::move(reason)});
  }
}

std::vector<Component> Registry::components(std::string_view kind) const {
  std::vector<Component> found;
  for (const LoadedPlugin& loaded : plugins_) {
    for (uint32_t i = 0; i < loaded.plugin->component_count; ++i) {
      const coldload_component& component = component_at(*loaded.plugin, i);
      if (component.kind == kind) found.push_back({&component, loaded.plugin, loaded.file});
    }
  }
  std::ranges::sort(found, {},
                    [](const Component& component) { return std::string_view(component.table->id); });
  return found;
}

std::optional<Component> Registry::find(std::string_view kind, std::string_view id) const {
  for (const Component& component : components(kind)) {
    if (component.table->id == id) return component;
  }
  return std::nullopt;
}

}  // namespace coldload
