// A file as an object of a backend: what it offers is found by trying, and reads are exact or fail.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/cpp/posix/direct.hpp"
#include "coldload/cpp/posix/evict.hpp"
#include "coldload/cpp/posix/read.hpp"
#include "coldload/cpp/posix/residency.hpp"

namespace coldload::sdk::posix {

namespace detail {

inline constexpr uint32_t kOffsetAlignmentMax = 4096;

// Reading leaves no trace on a file of ours; of another's file the kernel wants its access time kept.
[[nodiscard]] inline Descriptor open_for_reading(int root, const std::string& path, int flags) {
  const int all = O_RDONLY | O_CLOEXEC | flags;
  Descriptor file(::openat(root, path.c_str(), all | O_NOATIME));
  if (!file && errno == EPERM) file = Descriptor(::openat(root, path.c_str(), all));
  return file;
}

// One page of address space, not touched: nothing is read.
[[nodiscard]] inline bool can_map(int fd) {
  constexpr size_t kPage = 4096;
  void* map = ::mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED) return false;
  ::munmap(map, kPage);
  return true;
}

// A page past the end: drops nothing, and says whether the file system takes the advice at all.
[[nodiscard]] inline bool takes_eviction(int fd, uint64_t size_bytes) {
  if (lives_in_memory(fd)) return false;
  const auto past_end = static_cast<off_t>((size_bytes / 4096 + 1) * 4096);
  return ::posix_fadvise(fd, past_end, 4096, POSIX_FADV_DONTNEED) == 0;
}

[[nodiscard]] inline bool knows_residency(int fd, uint64_t size_bytes) {
  return page_cache_residency(fd, std::min<uint64_t>(size_bytes, 4096)).method != ResidencyMethod::unknown;
}

// Of what the file's bytes are: not the inode, which some network file systems number anew at each mount.
[[nodiscard]] inline std::string version_of(const struct stat& status) {
  std::string nanoseconds = std::to_string(status.st_mtim.tv_nsec);
  nanoseconds.insert(0, 9 - nanoseconds.size(), '0');
  return "modified-" + std::to_string(status.st_mtim.tv_sec) + "." + nanoseconds;
}

}  // namespace detail

// Made by open_file().
class FileObject : public Object {
 public:
  FileObject(Descriptor file, std::string path, std::string version, const coldload_object_info& info)
      : file_(std::move(file)),
        path_(std::move(path)),
        version_(std::move(version)),
        size_bytes_(info.size_bytes),
        direct_((info.capabilities & COLDLOAD_CAN_DIRECT) != 0),
        alignment_(info.offset_alignment_bytes) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& version() const { return version_; }

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    if (offset > size_bytes_ || length > size_bytes_ - offset) {
      throw Failure(COLDLOAD_IO_ERROR, range(offset, length) + ": past the end, the file has " +
                                           std::to_string(size_bytes_) + " bytes");
    }
    const ReadResult result = direct_ ? read_exact_direct(file_.get(), offset, buffer, length, alignment_)
                                      : read_exact(file_.get(), offset, buffer, length);
    if (result.os_error != 0) throw os_failure(result.os_error, range(offset, length));
    if (result.bytes_read < length) {
      throw Failure(COLDLOAD_IO_ERROR, range(offset, length) + ": the file ends at or before byte " +
                                           std::to_string(offset + result.bytes_read) + ", it had " +
                                           std::to_string(size_bytes_) + " when it was opened");
    }
  }

  void evict() override {
    const int failed = evict_pages(file_.get());
    if (failed != 0) throw os_failure(failed, path_ + ": evicting it from the page cache");
  }

  uint64_t residency() override {
    const Residency residency = page_cache_residency(file_.get(), size_bytes_);
    if (residency.method == ResidencyMethod::unknown) {
      throw os_failure(residency.os_error, path_ + ": asking what is in the page cache");
    }
    return residency.resident_bytes;
  }

 private:
  [[nodiscard]] std::string range(uint64_t offset, uint64_t length) const {
    return path_ + ": bytes " + std::to_string(offset) + "-" + std::to_string(offset + length - 1);
  }

  Descriptor file_;
  std::string path_;
  std::string version_;
  uint64_t size_bytes_;
  bool direct_;
  uint64_t alignment_;
};

// Opens the regular file `key` below the directory `root`, which may be an O_PATH descriptor; links are
// followed. `full` is the whole path, for messages and for CAN_PATH. `info` comes as empty_object_info().
// [control-thread]
[[nodiscard]] inline std::unique_ptr<Object> open_file(int root, const std::string& key,
                                                       const std::string& full, uint32_t open_flags,
                                                       coldload_object_info& info) {
  // Looked at before it is opened: opening a FIFO would wait for a writer, a device may act.
  struct stat status = {};
  if (::fstatat(root, key.c_str(), &status, 0) != 0) throw os_failure(errno, full);
  if (!S_ISREG(status.st_mode)) throw Failure(COLDLOAD_UNSUPPORTED, full + ": not a regular file");

  const bool asks_direct = (open_flags & COLDLOAD_OPEN_DIRECT) != 0;
  Descriptor file;
  DirectAlignment direct;
  if (asks_direct) {
    file = detail::open_for_reading(root, key, O_DIRECT);
    if (file) direct = direct_alignment(file.get());
    if (direct.offset_bytes > detail::kOffsetAlignmentMax) direct.supported = false;
  }
  // Without DIRECT the object comes back without its capability, and the host says what is missing.
  if (!direct.supported) file = detail::open_for_reading(root, key, 0);
  if (!file) throw os_failure(errno, full);
  if (::fstat(file.get(), &status) != 0) throw os_failure(errno, full);
  if (!S_ISREG(status.st_mode)) throw Failure(COLDLOAD_UNSUPPORTED, full + ": not a regular file");

  info.size_bytes = static_cast<uint64_t>(status.st_size);
  info.fd = file.get();
  info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD;
  if (direct.supported) {
    info.capabilities |= COLDLOAD_CAN_DIRECT;
    info.memory_alignment_bytes = direct.memory_bytes;
    info.offset_alignment_bytes = direct.offset_bytes;
  }
  if (detail::can_map(file.get())) info.capabilities |= COLDLOAD_CAN_MAP;
  if (detail::takes_eviction(file.get(), info.size_bytes)) info.capabilities |= COLDLOAD_CAN_EVICT;
  if (detail::knows_residency(file.get(), info.size_bytes)) info.capabilities |= COLDLOAD_CAN_RESIDENCY;
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(full.c_str(), nullptr), &std::free);
  if (resolved) info.capabilities |= COLDLOAD_CAN_PATH;

  auto object = std::make_unique<FileObject>(std::move(file), resolved ? std::string(resolved.get()) : full,
                                             detail::version_of(status), info);
  if (resolved) info.path = object->path().c_str();
  info.version = object->version().c_str();
  return object;
}

}  // namespace coldload::sdk::posix
