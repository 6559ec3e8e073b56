// Backend "local": files below a directory of any mounted file system.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/cpp/posix/direct.hpp"
#include "coldload/cpp/posix/evict.hpp"
#include "coldload/cpp/posix/read.hpp"
#include "coldload/cpp/posix/residency.hpp"
#include "key.hpp"
#include "list.hpp"

namespace coldload::local {
namespace {

using sdk::Failure;
namespace posix = sdk::posix;

constexpr uint32_t kOffsetAlignmentMax = 4096;

bool is_weights(const std::string& key) {
  constexpr std::string_view kSuffix = ".safetensors";
  return key.size() > kSuffix.size() &&
         key.compare(key.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

// Reading leaves no trace on a file of ours; of another's file the kernel wants its access time kept.
posix::Descriptor open_for_reading(int root, const std::string& path, int flags) {
  const int all = O_RDONLY | O_CLOEXEC | flags;
  posix::Descriptor file(::openat(root, path.c_str(), all | O_NOATIME));
  if (!file && errno == EPERM) file = posix::Descriptor(::openat(root, path.c_str(), all));
  return file;
}

// One page of address space, not touched: nothing is read.
bool can_map(int fd) {
  constexpr size_t kPage = 4096;
  void* map = ::mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED) return false;
  ::munmap(map, kPage);
  return true;
}

// A page past the end: drops nothing, and says whether the file system takes the advice at all.
bool takes_eviction(int fd, uint64_t size_bytes) {
  if (posix::lives_in_memory(fd)) return false;
  const auto past_end = static_cast<off_t>((size_bytes / 4096 + 1) * 4096);
  return ::posix_fadvise(fd, past_end, 4096, POSIX_FADV_DONTNEED) == 0;
}

bool knows_residency(int fd, uint64_t size_bytes) {
  return posix::page_cache_residency(fd, std::min<uint64_t>(size_bytes, 4096)).method !=
         posix::ResidencyMethod::unknown;
}

class LocalObject : public sdk::Object {
 public:
  LocalObject(posix::Descriptor file, std::string path, const coldload_object_info& info)
      : file_(std::move(file)),
        path_(std::move(path)),
        size_bytes_(info.size_bytes),
        direct_((info.capabilities & COLDLOAD_CAN_DIRECT) != 0),
        alignment_(info.offset_alignment_bytes) {}

  [[nodiscard]] const std::string& path() const { return path_; }

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    if (offset > size_bytes_ || length > size_bytes_ - offset) {
      throw Failure(COLDLOAD_IO_ERROR, range(offset, length) + ": past the end, the file has " +
                                           std::to_string(size_bytes_) + " bytes");
    }
    const posix::ReadResult result =
        direct_ ? posix::read_exact_direct(file_.get(), offset, buffer, length, alignment_)
                : posix::read_exact(file_.get(), offset, buffer, length);
    if (result.os_error != 0) throw sdk::os_failure(result.os_error, range(offset, length));
    if (result.bytes_read < length) {
      throw Failure(COLDLOAD_IO_ERROR, range(offset, length) + ": the file ends at byte " +
                                           std::to_string(offset + result.bytes_read) + ", it had " +
                                           std::to_string(size_bytes_) + " when it was opened");
    }
  }

  void evict() override {
    const int failed = posix::evict_pages(file_.get());
    if (failed != 0) throw sdk::os_failure(failed, path_ + ": evicting it from the page cache");
  }

  uint64_t residency() override {
    const posix::Residency residency = posix::page_cache_residency(file_.get(), size_bytes_);
    if (residency.method == posix::ResidencyMethod::unknown) {
      throw sdk::os_failure(residency.os_error, path_ + ": asking what is in the page cache");
    }
    return residency.resident_bytes;
  }

 private:
  [[nodiscard]] std::string range(uint64_t offset, uint64_t length) const {
    return path_ + ": bytes " + std::to_string(offset) + "-" + std::to_string(offset + length - 1);
  }

  posix::Descriptor file_;
  std::string path_;
  uint64_t size_bytes_;
  bool direct_;
  uint64_t alignment_;
};

class LocalBackend : public sdk::Backend {
 public:
  LocalBackend(sdk::Host host, const sdk::Options& options) : host_(host), root_path_(options.path("root")) {
    if (root_path_.empty() || root_path_[0] != '/') {
      throw Failure(COLDLOAD_INVALID_OPTION,
                    "root is \"" + root_path_ + "\": expected an absolute path, such as \"/mnt/models\"");
    }
    root_ = posix::Descriptor(::open(root_path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root_) throw sdk::os_failure(errno, "root " + root_path_);
  }

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    check_key(prefix, KeyUse::prefix);
    list_objects(host_, root_.get(), prefix, callback);
  }

  coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override;
  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override;

 private:
  [[nodiscard]] std::string full(const std::string& key) const { return root_path_ + "/" + key; }

  sdk::Host host_;
  std::string root_path_;
  posix::Descriptor root_;
};

std::unique_ptr<sdk::Object> LocalBackend::open(const std::string& key, uint32_t open_flags,
                                                coldload_object_info& info) {
  check_key(key, KeyUse::object);
  // Looked at before it is opened: opening a FIFO would wait for a writer, a device may act.
  struct stat status = {};
  if (::fstatat(root_.get(), key.c_str(), &status, 0) != 0) throw sdk::os_failure(errno, full(key));
  if (!S_ISREG(status.st_mode)) throw Failure(COLDLOAD_UNSUPPORTED, full(key) + ": not a regular file");

  const bool asks_direct = (open_flags & COLDLOAD_OPEN_DIRECT) != 0;
  posix::Descriptor file;
  posix::DirectAlignment direct;
  if (asks_direct) {
    file = open_for_reading(root_.get(), key, O_DIRECT);
    if (file) direct = posix::direct_alignment(file.get());
    if (direct.offset_bytes > kOffsetAlignmentMax) direct.supported = false;
  }
  // Without DIRECT the object comes back without its capability, and the host says what is missing.
  if (!direct.supported) file = open_for_reading(root_.get(), key, 0);
  if (!file) throw sdk::os_failure(errno, full(key));
  if (::fstat(file.get(), &status) != 0) throw sdk::os_failure(errno, full(key));
  if (!S_ISREG(status.st_mode)) throw Failure(COLDLOAD_UNSUPPORTED, full(key) + ": not a regular file");

  info.size_bytes = static_cast<uint64_t>(status.st_size);
  info.fd = file.get();
  info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD;
  if (direct.supported) {
    info.capabilities |= COLDLOAD_CAN_DIRECT;
    info.memory_alignment_bytes = direct.memory_bytes;
    info.offset_alignment_bytes = direct.offset_bytes;
  }
  if (can_map(file.get())) info.capabilities |= COLDLOAD_CAN_MAP;
  if (takes_eviction(file.get(), info.size_bytes)) info.capabilities |= COLDLOAD_CAN_EVICT;
  if (knows_residency(file.get(), info.size_bytes)) info.capabilities |= COLDLOAD_CAN_RESIDENCY;
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(full(key).c_str(), nullptr),
                                                             &std::free);
  if (resolved) info.capabilities |= COLDLOAD_CAN_PATH;

  auto object = std::make_unique<LocalObject>(std::move(file),
                                              resolved ? std::string(resolved.get()) : full(key), info);
  if (resolved) info.path = object->path().c_str();
  return object;
}

// What all weights below the prefix offer; of all objects where there are no weights, as in a directory of
// samples.
coldload_object_info LocalBackend::probe(const std::string& prefix, uint32_t open_flags) {
  std::vector<std::string> weights;
  std::vector<std::string> others;
  list(prefix, [&](const std::string& key, uint64_t /*size_bytes*/) {
    (is_weights(key) ? weights : others).push_back(key);
  });
  const std::vector<std::string>& keys = weights.empty() ? others : weights;
  if (keys.empty()) throw Failure(COLDLOAD_NOT_FOUND, full(prefix) + ": no file in it to try");
  coldload_object_info common = sdk::empty_object_info();
  common.capabilities = ~0u;
  for (const std::string& key : keys) {
    host_.throw_if_cancelled();
    coldload_object_info info = sdk::empty_object_info();
    const std::unique_ptr<sdk::Object> object = open(key, open_flags, info);
    common.capabilities &= info.capabilities;
    common.memory_alignment_bytes = std::max(common.memory_alignment_bytes, info.memory_alignment_bytes);
    common.offset_alignment_bytes = std::max(common.offset_alignment_bytes, info.offset_alignment_bytes);
  }
  return common;
}

constexpr coldload_option kOptions[] = {
    sdk::path_option("root", nullptr, "the directory that model paths start from"),
};
constexpr const char* kSchemes[] = {"file", nullptr};
constexpr coldload_component kLocal = sdk::backend_component<LocalBackend>(
    "local", "files of any mounted file system, local disk or network mount alike", kOptions, kSchemes);

}  // namespace
}  // namespace coldload::local

COLDLOAD_EXPORT_PLUGIN("org.coldload.local", "0.1.0", "coldload", &coldload::local::kLocal);
