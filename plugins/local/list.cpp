#include "list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "coldload/cpp/posix/descriptor.hpp"

namespace coldload::local {
namespace {

using sdk::Failure;
using sdk::posix::Descriptor;

constexpr size_t kDepthMax = 64;
constexpr uint64_t kEntriesMax = 1'000'000;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Takes `fd`, whether it succeeds or not.
std::vector<std::string> sorted_names(Descriptor fd, const std::string& shown) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
  if (!directory) throw sdk::os_failure(errno, shown);
  (void)fd.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == kEntriesMax) {
      throw Failure(COLDLOAD_UNSUPPORTED, shown + ": more than 1000000 entries");
    }
    names.push_back(name);
  }
  if (errno != 0) throw sdk::os_failure(errno, shown);
  std::sort(names.begin(), names.end());
  return names;
}

class Walk {
 public:
  Walk(const sdk::Host& host, const sdk::ListCallback& callback) : host_(host), callback_(callback) {}

  // `key` is that of the directory, "" at the root.
  void directory(int parent, const std::string& name, const std::string& key) {
    const Descriptor fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::string shown = key.empty() ? "the root" : "\"" + key + "\"";
    if (!fd) throw sdk::os_failure(errno, "listing " + shown);
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0) throw sdk::os_failure(errno, "listing " + shown);
    const std::pair<dev_t, ino_t> identity = {status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), identity) != above_.end()) return;
    if (above_.size() == kDepthMax) {
      throw Failure(COLDLOAD_UNSUPPORTED, "listing " + shown + ": more than 64 directories deep");
    }
    Descriptor listed(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!listed) throw sdk::os_failure(errno, "listing " + shown);
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
    if (++entries_ > kEntriesMax) {
      throw Failure(COLDLOAD_UNSUPPORTED, "listing \"" + key + "\": more than 1000000 entries");
    }
    struct stat status = {};
    if (::fstatat(parent, name.c_str(), &status, 0) != 0) {
      if (errno != ENOENT && errno != ELOOP) throw sdk::os_failure(errno, "listing \"" + key + "\"");
      host_.log(COLDLOAD_LOG_WARNING, "\"" + key + "\" is a link that leads nowhere, left out");
      return;
    }
    if (S_ISDIR(status.st_mode)) directory(parent, name, key);
    if (S_ISREG(status.st_mode)) callback_(key, static_cast<uint64_t>(status.st_size));
  }

  const sdk::Host& host_;
  const sdk::ListCallback& callback_;
  std::vector<std::pair<dev_t, ino_t>> above_;
  uint64_t entries_ = 0;
};

}  // namespace

void list_objects(const sdk::Host& host, int root, const std::string& prefix,
                  const sdk::ListCallback& callback) {
  Walk(host, callback).directory(root, prefix.empty() ? "." : prefix, prefix);
}

}  // namespace coldload::local
