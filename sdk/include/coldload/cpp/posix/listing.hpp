// Every file below a directory, links followed.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/host.hpp"
#include "coldload/cpp/posix/descriptor.hpp"

namespace coldload::sdk::posix {

// Bounds of one listing: deeper or longer ones are no model's.
inline constexpr size_t kListDepthMax = 64;
inline constexpr uint64_t kListEntriesMax = 1'000'000;

namespace detail {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Takes `fd`, whether it succeeds or not.
[[nodiscard]] inline std::vector<std::string> sorted_names(Descriptor fd, const std::string& shown) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
  if (!directory) throw os_failure(errno, shown);
  (void)fd.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == kListEntriesMax) {
      throw Failure(COLDLOAD_UNSUPPORTED, shown + ": more than 1000000 entries");
    }
    names.push_back(name);
  }
  if (errno != 0) throw os_failure(errno, shown);
  std::sort(names.begin(), names.end());
  return names;
}

class DirectoryWalk {
 public:
  DirectoryWalk(const Host& host, const ListCallback& callback) : host_(host), callback_(callback) {}

  // `key` is that of the directory, "" at the root.
  void directory(int parent, const std::string& name, const std::string& key) {
    const Descriptor fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::string shown = key.empty() ? "the root" : "\"" + key + "\"";
    if (!fd) throw os_failure(errno, "listing " + shown);
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0) throw os_failure(errno, "listing " + shown);
    const std::pair<dev_t, ino_t> identity = {status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), identity) != above_.end()) return;
    if (above_.size() == kListDepthMax) {
      throw Failure(COLDLOAD_UNSUPPORTED, "listing " + shown + ": more than 64 directories deep");
    }
    Descriptor listed(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!listed) throw os_failure(errno, "listing " + shown);
    above_.push_back(identity);
    for (const std::string& entry : sorted_names(std::move(listed), "listing " + shown)) {
      std::string below = key;
      if (!below.empty()) below += '/';
      below += entry;
      visit(fd.get(), entry, below);
    }
    above_.pop_back();
  }

 private:
  void visit(int parent, const std::string& name, const std::string& key) {
    host_.throw_if_cancelled();
    if (++entries_ > kListEntriesMax) {
      throw Failure(COLDLOAD_UNSUPPORTED, "listing \"" + key + "\": more than 1000000 entries");
    }
    struct stat status = {};
    if (::fstatat(parent, name.c_str(), &status, 0) != 0) {
      if (errno != ENOENT && errno != ELOOP) throw os_failure(errno, "listing \"" + key + "\"");
      host_.log(COLDLOAD_LOG_WARNING, "\"" + key + "\" is a link that leads nowhere, left out");
      return;
    }
    if (S_ISDIR(status.st_mode)) directory(parent, name, key);
    if (S_ISREG(status.st_mode)) callback_(key, static_cast<uint64_t>(status.st_size));
  }

  const Host& host_;
  const ListCallback& callback_;
  std::vector<std::pair<dev_t, ino_t>> above_;
  uint64_t entries_ = 0;
};

}  // namespace detail

// Every regular file below `prefix` ("" is `root` itself, which may be an O_PATH descriptor), by name; links
// count as what they point to. A link back to a directory above itself ends there; sockets, devices and
// dangling links are passed over. Throws beyond 64 levels or 1 000 000 entries. [control-thread]
inline void list_objects(const Host& host, int root, const std::string& prefix,
                         const ListCallback& callback) {
  detail::DirectoryWalk(host, callback).directory(root, prefix.empty() ? "." : prefix, prefix);
}

}  // namespace coldload::sdk::posix
