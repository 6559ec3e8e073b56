#include "core/run/hidden_cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "coldload/cpp/posix/direct.hpp"
#include "core/base/file.hpp"
#include "core/record/environment.hpp"
#include "core/record/kernel_text.hpp"
#include "core/record/mount.hpp"
#include "core/run/counters.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;

// Device mappers on device mappers: no machine has more.
constexpr int kStackedDevicesMax = 16;
constexpr uint64_t kOverlay = 0x794c7630;

struct HiddenCache {
  uint64_t magic;
  std::string_view name;
};
// statfs(2) magic numbers of file systems that cache below the page cache.
constexpr std::array kHiddenCaches = {
    HiddenCache{0x2FC12FC1, "ZFS keeps its own cache (ARC)"},
    HiddenCache{0x65735546, "a FUSE daemon may cache on its own"},
    HiddenCache{0x73717368, "squashfs is compressed and caches blocks of its own"},
    HiddenCache{0xE0F5E1E2, "erofs may be compressed and cache on its own"},
};

bool is_numbered(std::string_view name, std::string_view stem) {
  return name.starts_with(stem) && name.size() > stem.size() &&
         std::ranges::all_of(name.substr(stem.size()), [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Of a disk by its name, the directory of /sys that is its own.
std::optional<std::string> memory_of_disk(const fs::path& disk) {
  const std::string name = disk.filename();
  const std::string backing = read_or_empty(disk / "loop" / "backing_file");
  if (is_numbered(name, "loop") || !backing.empty()) {
    return fmt::format(
        "{} is a loop device{}{}: what is read from it may come from this machine's page cache", name,
        backing.empty() ? "" : " over ", backing);
  }
  if (is_numbered(name, "ram")) return name + " is a RAM disk: nothing on it can be cold";
  if (is_numbered(name, "zram")) return name + " is compressed memory (zram): nothing on it can be cold";
  return std::nullopt;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as devices are stacked.
std::optional<std::string> memory_at(const fs::path& node, int depth) {
  std::error_code error;
  fs::path disk = fs::canonical(node, error);
  if (error) return std::nullopt;
  // A partition's directory lies below its disk's.
  if (fs::exists(disk / "partition", error)) disk = disk.parent_path();
  if (auto memory = memory_of_disk(disk)) return memory;
  if (depth == kStackedDevicesMax) return disk.filename().string() + " is stacked on too many devices to see";
  fs::directory_iterator slaves(disk / "slaves", error);
  for (; !error && slaves != fs::directory_iterator(); slaves.increment(error)) {
    auto below = memory_at(slaves->path(), depth + 1);
    if (below) return fmt::format("{} lies on it: {}", disk.filename().string(), *below);
  }
  return std::nullopt;
}

std::optional<std::string> cache_of_file_system(int fd, const std::string& path) {
  if (sdk::posix::lives_in_memory(fd)) return "the file system is memory: nothing on it can be cold";
  struct statfs about{};
  if (::fstatfs(fd, &about) != 0) return std::nullopt;
  for (const HiddenCache& hidden : kHiddenCaches) {
    if (static_cast<uint64_t>(about.f_type) == hidden.magic) return std::string(hidden.name);
  }
  const auto mount = mount_of(path);
  if (mount && mount->type == "btrfs" && mount->options.find("compress") != std::string::npos) {
    return "btrfs with compression: device bytes are not the file's bytes";
  }
  return memory_below(block_device_of(path));
}

bool is_overlay(int fd) {
  struct statfs about{};
  return ::fstatfs(fd, &about) == 0 && static_cast<uint64_t>(about.f_type) == kOverlay;
}

// The file of the uppermost layer that has it.
std::optional<fs::path> file_in_layer(const std::string& path) {
  const auto mount = mount_of(path);
  if (!mount) return std::nullopt;
  std::error_code error;
  const fs::path relative = fs::canonical(path, error).lexically_relative(mount->path);
  if (error || relative.empty()) return std::nullopt;
  for (const fs::path& layer : overlay_layers(mount->options)) {
    if (!layer.is_absolute()) continue;  // to wherever mount(8) was at home
    if (fs::is_regular_file(layer / relative, error)) return layer / relative;
  }
  return std::nullopt;
}

// NOLINTNEXTLINE(misc-no-recursion): overlays on overlays end at the kernel's own bound of two.
Below below_file(int fd, const std::string& path, int depth = 0) {
  if (!is_overlay(fd)) return {cache_of_file_system(fd, path), ""};
  constexpr const char* kUnseen = "the file system below the overlay cannot be seen from here";
  const auto file = file_in_layer(path);
  if (!file || depth == kStackedDevicesMax) return {std::nullopt, kUnseen};
  const Descriptor layer(::open(file->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!layer.valid()) return {std::nullopt, kUnseen};
  return below_file(layer.get(), *file, depth + 1);
}

}  // namespace

std::vector<fs::path> overlay_layers(std::string_view mount_options) {
  const std::string options = unescaped(mount_options);
  std::vector<fs::path> layers;
  const auto add = [&layers](std::string_view list, bool is_list) {
    std::string path;
    for (size_t i = 0; i <= list.size(); ++i) {
      const bool ends = i == list.size() || (is_list && list[i] == ':');
      if (ends && !path.empty()) layers.emplace_back(std::exchange(path, {}));
      if (ends) continue;
      // A colon or a backslash of a name has a backslash before it.
      if (is_list && list[i] == '\\' && i + 1 < list.size()) ++i;
      path += list[i];
    }
  };
  constexpr std::string_view kUpper = "upperdir=";
  constexpr std::string_view kLower = "lowerdir=";
  constexpr std::string_view kOneLower = "lowerdir+=";
  for (const bool upper : {true, false}) {
    for (std::string_view rest = options; !rest.empty();) {
      const size_t end = std::min(rest.find(','), rest.size());
      const std::string_view option = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (upper && option.starts_with(kUpper)) add(option.substr(kUpper.size()), false);
      if (!upper && option.starts_with(kLower)) add(option.substr(kLower.size()), true);
      if (!upper && option.starts_with(kOneLower)) add(option.substr(kOneLower.size()), false);
    }
  }
  return layers;
}

std::optional<std::string> memory_below(const std::string& device, const fs::path& block_devices) {
  return device.empty() ? std::nullopt : memory_at(block_devices / device, 0);
}

Below look_below(const Objects& objects) {
  Below all;
  for (const auto& object : objects) {
    if (!object->can(COLDLOAD_CAN_FD)) continue;
    const int fd = object->info().fd;
    const std::string path = object->can(COLDLOAD_CAN_PATH) ? std::string(object->info().path)
                                                            : fmt::format("/proc/self/fd/{}", fd);
    Below below = below_file(fd, path);
    if (below.hidden_cache) return below;
    if (all.unseen.empty()) all.unseen = std::move(below.unseen);
  }
  return all;
}

}  // namespace coldload
