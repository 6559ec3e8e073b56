#include "core/record/mount.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/base/limits.hpp"
#include "core/record/kernel_text.hpp"

namespace coldload {
namespace {

// Fills what /sys knows of the disk below device number `dev`.
void describe_device(Mount& mount, dev_t dev) {
  std::error_code error;
  const auto link = fmt::format("/sys/dev/block/{}:{}", major(dev), minor(dev));
  auto node = std::filesystem::canonical(link, error);
  if (error) return;
  // A partition's directory lies below its disk's and has no queue of its own.
  if (!std::filesystem::exists(node / "queue", error)) node = node.parent_path();
  mount.device = node.filename();
  mount.device_model = read_or_empty(node / "device" / "model");
  if (const auto kib = number_in(read_or_empty(node / "queue" / "read_ahead_kb")))
    mount.read_ahead_bytes = *kib * 1024;
  const std::string schedulers = read_or_empty(node / "queue" / "scheduler");
  const size_t open = schedulers.find('[');
  const size_t close = schedulers.find(']');
  if (open != std::string::npos && close != std::string::npos) {
    mount.scheduler = schedulers.substr(open + 1, close - open - 1);
  }
  if (const auto flag = number_in(read_or_empty(node / "queue" / "rotational")))
    mount.rotational = *flag != 0;
}

// What mountinfo says of each mount, in its order: later ones lie over earlier ones.
std::vector<Mount> mount_table() {
  std::vector<Mount> mounts;
  const std::string table = read_or_empty("/proc/self/mountinfo");
  size_t at = 0;
  while (at < table.size()) {
    const size_t end = std::min(table.find('\n', at), table.size());
    const auto words = words_of(std::string_view(table).substr(at, end - at));
    at = end + 1;
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    Mount& mount = mounts.emplace_back();
    mount.path = unescaped(words[4]);
    mount.type = *(dash + 1);
    mount.source = unescaped(*(dash + 2));
    mount.options = words[5] + "," + *(dash + 3);
  }
  return mounts;
}

void add_space(Mount& mount, const std::filesystem::path& path) {
  struct statvfs space{};
  if (::statvfs(path.c_str(), &space) != 0) return;
  mount.size_bytes = static_cast<uint64_t>(space.f_blocks) * space.f_frsize;
  mount.free_bytes = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
}

void add_device(Mount& mount, dev_t dev) {
  struct stat source{};
  // btrfs and overlay report an anonymous device; the source names the real one.
  if (major(dev) == 0 && mount.source.starts_with("/dev/") && ::stat(mount.source.c_str(), &source) == 0) {
    dev = source.st_rdev;
  }
  describe_device(mount, dev);
}

constexpr std::array<std::string_view, 13> kNetworkTypes = {
    "nfs",  "nfs4",      "cifs", "smb3",     "ceph", "lustre",  "beegfs",
    "gpfs", "glusterfs", "9p",   "virtiofs", "afs",  "orangefs"};
constexpr std::array<std::string_view, 9> kNetworkFuse = {
    "sshfs", "s3fs", "rclone", "glusterfs", "gcsfuse", "mountpoint-s3", "blobfuse2", "juicefs", "goofys"};
constexpr std::array<std::string_view, 3> kMemoryTypes = {"tmpfs", "ramfs", "hugetlbfs"};

}  // namespace

Result<Mount> mount_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return fail_errno(error.value(), path.string());
  struct stat about{};
  if (::stat(real.c_str(), &about) != 0) return fail_errno(errno, path.string());

  Mount best;
  for (Mount& mount : mount_table()) {
    const bool holds = mount.path == "/" || real == mount.path || real.string().starts_with(mount.path + "/");
    // The last mount on the longest matching point is the one in effect.
    if (holds && mount.path.size() >= best.path.size()) best = std::move(mount);
  }
  if (best.path.empty())
    return fail(Status::not_found, path.string() + ": no mount in /proc/self/mountinfo holds it");
  add_device(best, about.st_dev);
  add_space(best, real);
  return best;
}

StorageKind storage_kind_of(const Mount& mount) {
  const auto is_one_of = [](const auto& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is_one_of(kMemoryTypes, mount.type)) return StorageKind::memory;
  if (is_one_of(kNetworkTypes, mount.type)) return StorageKind::network_mount;
  constexpr std::string_view kFuse = "fuse.";
  if (mount.type.starts_with(kFuse)) {
    const bool known = is_one_of(kNetworkFuse, std::string_view(mount.type).substr(kFuse.size()));
    return known ? StorageKind::network_mount : StorageKind::unknown;
  }
  if (mount.type == "fuse") return StorageKind::unknown;
  return mount.device.empty() && !mount.source.starts_with("/dev/") && mount.type != "zfs"
             ? StorageKind::unknown
             : StorageKind::local_disk;
}

std::vector<Mount> mounts_of_machine() {
  std::map<std::string, Mount> by_source;
  for (Mount& mount : mount_table()) {
    const bool holds_files = mount.source.starts_with("/dev/") || mount.type == "zfs" ||
                             storage_kind_of(mount) == StorageKind::network_mount;
    // Images mounted read-only by package managers hold nobody's models.
    if (!holds_files || mount.type == "squashfs" || mount.type == "iso9660") continue;
    const auto found = by_source.find(mount.source);
    if (found != by_source.end() && found->second.path.size() <= mount.path.size()) continue;
    by_source.insert_or_assign(mount.source, std::move(mount));
  }
  std::vector<Mount> mounts;
  for (auto& [source, mount] : by_source) {
    if (mounts.size() == limits::kMountsMax) break;
    // A server that does not answer would hold stat(2) for ever: of a network only the table's word is taken.
    if (storage_kind_of(mount) != StorageKind::network_mount) {
      struct stat about{};
      if (::stat(mount.path.c_str(), &about) == 0) add_device(mount, about.st_dev);
      add_space(mount, mount.path);
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

json::value to_json(const Mount& mount) {
  json::object out{{"path", json::utf8(mount.path)},
                   {"type", mount.type},
                   {"source", json::utf8(mount.source)},
                   {"options", json::utf8(mount.options)},
                   {"device", mount.device},
                   {"device_model", json::utf8(mount.device_model)},
                   {"scheduler", mount.scheduler},
                   {"size_bytes", mount.size_bytes},
                   {"free_bytes", mount.free_bytes},
                   {"storage", to_string(storage_kind_of(mount))}};
  if (mount.read_ahead_bytes) out["read_ahead_bytes"] = *mount.read_ahead_bytes;
  if (mount.rotational) out["rotational"] = *mount.rotational;
  return out;
}

}  // namespace coldload
