#include "tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "coldload/cpp/failure.hpp"
#include "name.hpp"

namespace coldload::staged {
namespace {

using sdk::Failure;
using sdk::os_failure;

constexpr size_t kEntriesMax = 1'000'000;
constexpr unsigned kDirectoryMode = 0755;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

void sync_descriptor(int fd, const std::string& shown) {
  if (::fsync(fd) != 0) throw os_failure(errno, shown + ": fsync");
}

// All directories on the way to the files, deepest first.
std::vector<std::string> directories_of(const Manifest& manifest) {
  std::set<std::string> all;
  for (const ManifestFile& file : manifest.files) {
    for (std::string parent = split_name(file.name).parent; !parent.empty();
         parent = split_name(parent).parent) {
      all.insert(parent);
    }
  }
  return {all.rbegin(), all.rend()};
}

// Unlinks `name`, parents and all resolved beneath `directory`; what is gone already is no failure.
void unlink_beneath(const Directory& directory, const std::string& name, int flags) {
  const SplitName split = split_name(name);
  Descriptor parent;
  int at = directory.fd.get();
  if (!split.parent.empty()) {
    parent = open_beneath(at, split.parent, O_RDONLY | O_DIRECTORY);
    if (!parent && errno == ENOENT) return;
    if (!parent) throw os_failure(errno, directory.shown + "/" + split.parent);
    at = parent.get();
  }
  if (::unlinkat(at, split.last.c_str(), flags) != 0 && errno != ENOENT) {
    throw os_failure(errno, directory.shown + "/" + name + ": removing it");
  }
}

class ForeignSearch {
 public:
  explicit ForeignSearch(const Manifest& manifest) {
    for (const ManifestFile& file : manifest.files) files_.insert(file.name);
    for (const std::string& directory : directories_of(manifest)) directories_.insert(directory);
    files_.insert(kManifestName);
    files_.insert(kManifestNextName);
  }

  // `key` is "" at the top.
  std::string search(int directory, const std::string& shown, const std::string& key) {
    Descriptor listed(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!listed) throw os_failure(errno, shown);
    const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(listed.get()));
    if (!stream) throw os_failure(errno, shown);
    (void)listed.release();
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (++entries_ > kEntriesMax)
        throw Failure(COLDLOAD_UNSUPPORTED, shown + ": more than 1000000 entries");
      std::string path = key;
      if (!path.empty()) path += '/';
      path += name;
      std::string found = visit(directory, name, path, shown);
      if (!found.empty()) return found;
    }
    if (errno != 0) throw os_failure(errno, shown);
    return {};
  }

 private:
  std::string visit(int directory, const std::string& name, const std::string& path,
                    const std::string& shown) {
    struct stat status = {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      throw os_failure(errno, shown + "/" + name);
    }
    if (S_ISREG(status.st_mode)) return files_.count(path) != 0 ? "" : path;
    if (!S_ISDIR(status.st_mode) || directories_.count(path) == 0) return path;
    const Descriptor below = open_beneath(directory, name, O_RDONLY | O_DIRECTORY);
    if (!below) throw os_failure(errno, shown + "/" + name);
    return search(below.get(), shown + "/" + name, path);
  }

  std::set<std::string> files_;
  std::set<std::string> directories_;
  size_t entries_ = 0;
};

}  // namespace

Descriptor open_beneath(int directory, const std::string& name, int flags, unsigned mode) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, directory, name.c_str(), &how, sizeof how);
    // EAGAIN: something was renamed meanwhile, and the kernel could not tell that the path stayed beneath.
    if (fd < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    return Descriptor(static_cast<int>(fd));
  }
}

Directory open_directory(int root, const std::string& shown_root, const std::string& path) {
  Directory directory{open_beneath(root, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY),
                      path.empty() ? shown_root : shown_root + "/" + path};
  if (!directory.fd && errno != ENOENT) {
    const int failed = errno;
    if (failed == ELOOP || failed == EXDEV) {
      throw Failure(COLDLOAD_UNSUPPORTED,
                    directory.shown + ": leads through a link, which a copy never does");
    }
    throw os_failure(failed, directory.shown);
  }
  return directory;
}

Directory make_directories(int root, const std::string& shown_root, const std::string& path,
                           std::vector<std::string>* made) {
  Directory directory = open_directory(root, shown_root, "");
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (::mkdirat(directory.fd.get(), part.c_str(), kDirectoryMode) == 0) {
      if (made != nullptr) made->push_back(path.substr(0, end));
      sync_directory(directory);
    } else if (errno != EEXIST) {
      throw os_failure(errno, directory.shown + "/" + part + ": making the directory");
    }
    directory = open_directory(directory.fd.get(), directory.shown, part);
    if (!directory.fd) throw os_failure(ENOENT, directory.shown);
    begin = end + 1;
  }
  return directory;
}

Descriptor create_file(const Directory& directory, const std::string& name, unsigned mode) {
  const SplitName split = split_name(name);
  if (!split.parent.empty()) (void)make_directories(directory.fd.get(), directory.shown, split.parent);
  Descriptor file = open_beneath(directory.fd.get(), name, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!file) throw os_failure(errno, directory.shown + "/" + name + ": creating it");
  return file;
}

void write_file(const Directory& directory, const std::string& name, const std::string& text) {
  const Descriptor file = create_file(directory, name);
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(file.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw os_failure(errno, directory.shown + "/" + name + ": writing it");
    done += static_cast<size_t>(count);
  }
  sync_descriptor(file.get(), directory.shown + "/" + name);
}

std::string read_file(const Directory& directory, const std::string& name, uint64_t bytes_max, bool& found) {
  found = false;
  // Not blocking: what lies there may be a FIFO.
  const Descriptor file = open_beneath(directory.fd.get(), name, O_RDONLY | O_NONBLOCK);
  const std::string shown = directory.shown + "/" + name;
  if (!file && errno == ENOENT) return {};
  if (!file) throw os_failure(errno, shown);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) throw os_failure(errno, shown);
  if (!S_ISREG(status.st_mode)) throw Failure(COLDLOAD_INTEGRITY, shown + ": not a regular file");
  if (static_cast<uint64_t>(status.st_size) > bytes_max) {
    throw Failure(COLDLOAD_INTEGRITY,
                  shown + ": " + std::to_string(status.st_size) + " bytes, more than a manifest may have");
  }
  std::string text(static_cast<size_t>(status.st_size), '\0');
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = ::read(file.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw os_failure(count < 0 ? errno : EIO, shown + ": reading it");
    done += static_cast<size_t>(count);
  }
  found = true;
  return text;
}

void sync_directory(const Directory& directory) {
  sync_descriptor(directory.fd.get(), directory.shown);
}

void sync_directories(const Directory& directory, const Manifest& manifest) {
  for (const std::string& below : directories_of(manifest)) {
    const Directory opened = open_directory(directory.fd.get(), directory.shown, below);
    if (!opened.fd) throw os_failure(ENOENT, opened.shown);
    sync_directory(opened);
  }
  sync_directory(directory);
}

std::string foreign_entry(const Directory& directory, const Manifest& manifest) {
  return ForeignSearch(manifest).search(directory.fd.get(), directory.shown, "");
}

std::string changed_entry(const Directory& directory, const Manifest& manifest) {
  const auto written = [&](const std::string& name, timespec& when) {
    const Descriptor opened = open_beneath(directory.fd.get(), name, O_PATH);
    struct stat status = {};
    if (!opened || ::fstat(opened.get(), &status) != 0) return false;
    when = status.st_mtim;
    return true;
  };
  timespec made = {};
  if (!written(kManifestName, made)) return "";
  for (const ManifestFile& file : manifest.files) {
    timespec last = {};
    if (!written(file.name, last)) continue;
    if (std::pair(last.tv_sec, last.tv_nsec) > std::pair(made.tv_sec, made.tv_nsec)) return file.name;
  }
  return "";
}

void remove_copy(const Directory& parent, const std::string& name, const Manifest& manifest) {
  const Directory copy = open_directory(parent.fd.get(), parent.shown, name);
  if (!copy.fd) return;
  const std::string foreign = foreign_entry(copy, manifest);
  if (!foreign.empty()) {
    throw Failure(COLDLOAD_UNSUPPORTED,
                  copy.shown + "/" + foreign + ": not of the copy's manifest, so it and its directory stay");
  }
  for (const ManifestFile& file : manifest.files) unlink_beneath(copy, file.name, 0);
  // The manifest goes last: a removal that is cut off can be gone on with.
  for (const std::string& directory : directories_of(manifest)) unlink_beneath(copy, directory, AT_REMOVEDIR);
  unlink_beneath(copy, kManifestNextName, 0);
  unlink_beneath(copy, kManifestName, 0);
  unlink_beneath(parent, name, AT_REMOVEDIR);
}

}  // namespace coldload::staged
