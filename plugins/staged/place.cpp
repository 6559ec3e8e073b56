#include "place.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "coldload/cpp/failure.hpp"
#include "name.hpp"

namespace coldload::staged {
namespace {

using sdk::Failure;
using sdk::os_failure;

constexpr const char* kPartialEnd = ".partial";
constexpr int kLockTries = 8;
// Two empty directories that change places, to see whether the file system can.
constexpr const char* kExchangeOne = "exchange-1";
constexpr const char* kExchangeTwo = "exchange-2";

std::string random_word() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw os_failure(errno, "getrandom");
  }
  std::string word;
  for (const unsigned char byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    word += digits;
  }
  return word;
}

// Makes and locks a new directory. The lock, not a process number, says that its maker lives: it goes with
// the maker, however it ends.
Directory make_partial(const Directory& parent, const std::string& name, std::string& partial) {
  for (int tries = 0; tries < kLockTries; ++tries) {
    partial = "." + name + "." + random_word() + kPartialEnd;
    if (::mkdirat(parent.fd.get(), partial.c_str(), 0755) != 0) {
      throw os_failure(errno, parent.shown + "/" + partial + ": making the directory");
    }
    Directory directory = open_directory(parent.fd.get(), parent.shown, partial);
    // Somebody who sweeps may have met it before it was locked, and removed it.
    struct stat status = {};
    if (directory.fd && ::flock(directory.fd.get(), LOCK_EX | LOCK_NB) == 0 &&
        ::fstat(directory.fd.get(), &status) == 0 && status.st_nlink != 0) {
      return directory;
    }
  }
  throw Failure(COLDLOAD_IO_ERROR, parent.shown + ": no directory could be made and locked in " +
                                       std::to_string(kLockTries) + " tries");
}

std::optional<Manifest> manifest_in(const Directory& directory) {
  bool found = false;
  const std::string text = read_file(directory, kManifestName, kManifestBytesMax, found);
  if (!found) return std::nullopt;
  return parse_manifest(text, directory.shown + "/" + kManifestName);
}

void write_manifest(const Directory& directory, const Manifest& manifest) {
  write_file(directory, kManifestNextName, to_text(manifest));
  if (::renameat(directory.fd.get(), kManifestNextName, directory.fd.get(), kManifestName) != 0) {
    throw os_failure(errno, directory.shown + "/" + kManifestName + ": renaming it");
  }
}

std::vector<std::string> entries_of(const Directory& directory) {
  const int fd = ::openat(directory.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw os_failure(errno, directory.shown);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), ::closedir);
  if (!stream) {
    ::close(fd);
    throw os_failure(errno, directory.shown);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) names.emplace_back(entry->d_name);
  return names;
}

bool is_partial_of(const std::string& entry, const std::string& name) {
  const std::string begin = "." + name + ".";
  const std::string end = kPartialEnd;
  constexpr size_t kWord = 32;
  return entry.size() == begin.size() + kWord + end.size() && entry.compare(0, begin.size(), begin) == 0 &&
         entry.compare(entry.size() - end.size(), end.size(), end) == 0;
}

constexpr const char* kRule =
    "; what coldload did not make is never written over: name another target or directory";

// Why what lies in a copy's directory is not only that copy, or "".
std::string more_than(const Directory& copy, const std::optional<Manifest>& manifest) {
  const std::string foreign = foreign_entry(copy, manifest.value_or(Manifest{}));
  if (!foreign.empty()) return "holds \"" + foreign + "\", which is of no copy's manifest";
  if (!manifest) return "an empty directory that is no copy";
  const std::string changed = changed_entry(copy, *manifest);
  if (manifest->complete && !changed.empty())
    return "\"" + changed + "\" was changed after the copy was made";
  return "";
}

// One left-over directory. What is more than a copy's beginning is not ours to remove.
bool sweep_one(const Directory& parent, const std::string& name) {
  const Directory directory = open_directory(parent.fd.get(), parent.shown, name);
  if (!directory.fd || ::flock(directory.fd.get(), LOCK_EX | LOCK_NB) != 0) return false;
  std::optional<Manifest> manifest;
  try {
    manifest = manifest_in(directory);
  } catch (const Failure&) {
    return false;
  }
  if (manifest) {
    if (!more_than(directory, manifest).empty()) return false;
    remove_copy(parent, name, *manifest);
    return true;
  }
  // Cut off before its manifest was in place: nothing else was written yet.
  ::unlinkat(directory.fd.get(), kManifestNextName, 0);
  ::unlinkat(directory.fd.get(), kExchangeOne, AT_REMOVEDIR);
  ::unlinkat(directory.fd.get(), kExchangeTwo, AT_REMOVEDIR);
  return ::unlinkat(parent.fd.get(), name.c_str(), AT_REMOVEDIR) == 0;
}

}  // namespace

Staging::Staging(Directory parent, std::string name, Manifest planned, bool replaces)
    : parent_(std::move(parent)),
      name_(std::move(name)),
      planned_(std::move(planned)),
      replaces_(replaces),
      directory_(make_partial(parent_, name_, partial_)) {
  try {
    if (replaces_) check_exchange();
    write_manifest(directory_, planned_);
    sync_directory(directory_);
  } catch (...) {
    ::unlinkat(directory_.fd.get(), kManifestNextName, 0);
    ::unlinkat(directory_.fd.get(), kManifestName, 0);
    ::unlinkat(parent_.fd.get(), partial_.c_str(), AT_REMOVEDIR);
    throw;
  }
}

// Before hours of copying, not after them: two empty directories change places.
void Staging::check_exchange() {
  const int at = directory_.fd.get();
  const bool made = ::mkdirat(at, kExchangeOne, 0755) == 0 && ::mkdirat(at, kExchangeTwo, 0755) == 0;
  const bool exchanged = made && ::renameat2(at, kExchangeOne, at, kExchangeTwo, RENAME_EXCHANGE) == 0;
  const int failed = errno;
  ::unlinkat(at, kExchangeOne, AT_REMOVEDIR);
  ::unlinkat(at, kExchangeTwo, AT_REMOVEDIR);
  if (exchanged) return;
  if (!made || failed != EINVAL)
    throw os_failure(failed, directory_.shown + ": trying to exchange directories");
  throw Failure(COLDLOAD_UNSUPPORTED,
                parent_.shown + "/" + name_ +
                    ": an older copy stands there, and this file system cannot exchange two directories "
                    "(renameat2 RENAME_EXCHANGE), so it cannot be replaced without a moment in which readers "
                    "find nothing: remove it, or name another target");
}

void Staging::commit(const Manifest& complete) {
  write_manifest(directory_, complete);
  planned_ = complete;
  sync_directories(directory_, complete);
  const int at = parent_.fd.get();
  const unsigned flags = replaces_ ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  int failed = ::renameat2(at, partial_.c_str(), at, name_.c_str(), flags) == 0 ? 0 : errno;
  // Without the flag an empty directory would be replaced, which holds nothing; any other is refused.
  if (failed == EINVAL && !replaces_) {
    failed = ::renameat(at, partial_.c_str(), at, name_.c_str()) == 0 ? 0 : errno;
  }
  if (failed != 0) throw os_failure(failed, parent_.shown + "/" + name_ + ": putting the copy in its place");
  committed_ = true;
  sync_directory(parent_);
  if (replaces_) remove_displaced();
}

// The older copy has the hidden name now. Somebody may have put a file into it since it was looked at, or
// another one of us a copy in its place: it is looked at again, now that nobody finds it any more.
void Staging::remove_displaced() {
  const Directory displaced = open_directory(parent_.fd.get(), parent_.shown, partial_);
  if (!displaced.fd) return;
  const std::optional<Manifest> manifest = manifest_in(displaced);
  const std::string fault = more_than(displaced, manifest);
  if (manifest && fault.empty()) return remove_copy(parent_, partial_, *manifest);
  const int at = parent_.fd.get();
  const std::string shown = parent_.shown + "/" + name_;
  if (::renameat2(at, partial_.c_str(), at, name_.c_str(), RENAME_EXCHANGE) != 0) {
    throw os_failure(errno, shown + ": " + fault + ", and lies in " + displaced.shown +
                                " now; putting it back into its place");
  }
  committed_ = false;
  throw Failure(COLDLOAD_UNSUPPORTED,
                shown + ": " + fault + kRule + "; it stands as it was, and the new copy is gone");
}

Staging::~Staging() {
  if (committed_) return;
  try {
    remove_copy(parent_, partial_, planned_);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next sweep tries again
  }
}

Place::Place(int root, std::string shown_root, std::string path)
    : root_(root), shown_root_(std::move(shown_root)), path_(std::move(path)) {
  if (const std::string fault = fault_of_name(path_); !fault.empty()) {
    throw Failure(COLDLOAD_INVALID_OPTION,
                  "a copy's place below " + shown_root_ + ", \"" + path_ + "\", " + fault);
  }
  SplitName split = split_name(path_);
  parent_ = std::move(split.parent);
  name_ = std::move(split.last);
}

std::optional<Manifest> Place::existing() const {
  struct stat status = {};
  const Directory parent = open_directory(root_, shown_root_, parent_);
  if (!parent.fd) return std::nullopt;
  if (::fstatat(parent.fd.get(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw os_failure(errno, shown());
  }
  if (!S_ISDIR(status.st_mode)) throw Failure(COLDLOAD_UNSUPPORTED, shown() + ": not a directory" + kRule);
  const Directory copy = open_directory(parent.fd.get(), parent.shown, name_);
  if (!copy.fd) return std::nullopt;
  auto manifest = manifest_in(copy);
  const std::string fault = more_than(copy, manifest);
  if (!fault.empty()) throw Failure(COLDLOAD_UNSUPPORTED, shown() + ": " + fault + kRule);
  return manifest;
}

bool Place::holds(const Manifest& manifest) const {
  const Directory copy = open_directory(root_, shown_root_, path_);
  if (!copy.fd) return false;
  for (const ManifestFile& file : manifest.files) {
    const Descriptor opened = open_beneath(copy.fd.get(), file.name, O_RDONLY | O_NONBLOCK);
    struct stat status = {};
    if (!opened || ::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    if (static_cast<uint64_t>(status.st_size) != file.size_bytes) return false;
  }
  return true;
}

Staging Place::begin(const Manifest& planned) const {
  const bool replaces = existing().has_value();
  return Staging(make_directories(root_, shown_root_, parent_), name_, planned, replaces);
}

uint64_t Place::free_bytes() const {
  struct statvfs about = {};
  if (::fstatvfs(root_, &about) != 0) throw os_failure(errno, shown_root_ + ": asking for free space");
  return static_cast<uint64_t>(about.f_bavail) * about.f_frsize;
}

uint32_t Place::sweep() const {
  const Directory parent = open_directory(root_, shown_root_, parent_);
  if (!parent.fd) return 0;
  uint32_t removed = 0;
  for (const std::string& entry : entries_of(parent)) {
    if (is_partial_of(entry, name_) && sweep_one(parent, entry)) ++removed;
  }
  return removed;
}

void Place::remove(const std::string& keep) const {
  const auto manifest = existing();
  if (manifest) {
    // First out of sight, so that no reader finds half a copy.
    const Directory parent = open_directory(root_, shown_root_, parent_);
    const std::string hidden = "." + name_ + "." + random_word() + kPartialEnd;
    if (::renameat2(parent.fd.get(), name_.c_str(), parent.fd.get(), hidden.c_str(), RENAME_NOREPLACE) != 0 &&
        ::renameat(parent.fd.get(), name_.c_str(), parent.fd.get(), hidden.c_str()) != 0) {
      throw os_failure(errno, shown() + ": taking it away");
    }
    remove_copy(parent, hidden, *manifest);
  }
  remove_empty_above(keep);
}

void Place::remove_empty_above(const std::string& keep) const {
  for (std::string above = parent_; !above.empty() && above.size() > keep.size();
       above = split_name(above).parent) {
    const SplitName split = split_name(above);
    const Directory parent = open_directory(root_, shown_root_, split.parent);
    if (!parent.fd || ::unlinkat(parent.fd.get(), split.last.c_str(), AT_REMOVEDIR) != 0) break;
  }
}

}  // namespace coldload::staged
