#include "copy.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/threads.hpp"
#include "ranges.hpp"

namespace coldload::staged {
namespace {

using sdk::Failure;
using sdk::os_failure;

// Files that are open at once, on both sides.
constexpr size_t kOpenFilesMax = 64;
constexpr uint64_t kSleepNsMax = 20'000'000;
// A write takes folios of its size for the page cache. Up to this one the kernel has them in lists of each
// processor, filled with what was freed last; larger ones it may have given back to a virtual machine's host,
// from where they come at up to 3 s a GB.
constexpr uint64_t kWriteBytesMax = 32 << 10;

// One object's digest, by the host.
class FileDigest {
 public:
  FileDigest(const coldload_digest_ops& ops, uint64_t size_bytes) : ops_(&ops) {
    sdk::checked([&](coldload_error* error) { return ops_->begin(size_bytes, &self_, error); });
  }
  FileDigest(FileDigest&& other) noexcept : ops_(other.ops_), self_(std::exchange(other.self_, nullptr)) {}
  FileDigest(const FileDigest&) = delete;
  FileDigest& operator=(const FileDigest&) = delete;
  FileDigest& operator=(FileDigest&&) = delete;
  ~FileDigest() {
    if (self_ != nullptr) ops_->end(self_);
  }

  void add(uint64_t offset, const void* data, uint64_t length) const {
    sdk::checked([&](coldload_error* error) { return ops_->add(self_, offset, data, length, error); });
  }
  [[nodiscard]] std::string text() const {
    char text[COLDLOAD_DIGEST_TEXT_BYTES] = {};
    sdk::checked([&](coldload_error* error) { return ops_->finish(self_, text, error); });
    return text;
  }

 private:
  const coldload_digest_ops* ops_;
  void* self_ = nullptr;
};

// One file on its way.
struct Transfer {
  sdk::UpstreamObject object;
  Descriptor file;
  FileDigest digest;
  std::string shown;
  uint64_t size_bytes;
};

// A thread's buffer, page-aligned.
class Buffer {
 public:
  explicit Buffer(uint64_t bytes)
      : bytes_(bytes),
        data_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (data_ == MAP_FAILED) throw os_failure(errno, "a buffer of " + std::to_string(bytes) + " bytes");
  }
  Buffer(Buffer&& other) noexcept : bytes_(other.bytes_), data_(std::exchange(other.data_, MAP_FAILED)) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer() {
    if (data_ != MAP_FAILED) ::munmap(data_, bytes_);
  }
  [[nodiscard]] void* data() const { return data_; }

 private:
  uint64_t bytes_;
  void* data_;
};

void write_range(const Transfer& transfer, const Range& range, const void* data) {
  const char* at = static_cast<const char*>(data);
  for (uint64_t done = 0; done < range.length;) {
    const ssize_t count =
        ::pwrite(transfer.file.get(), at + done, std::min(range.length - done, kWriteBytesMax),
                 static_cast<off_t>(range.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw os_failure(errno, transfer.shown + ": writing bytes " + std::to_string(range.offset) + "-" +
                                  std::to_string(range.offset + range.length - 1));
    }
    done += static_cast<uint64_t>(count);
  }
}

// Dirty pages are not left to pile up: each thread has at most one range on its way to the disk behind the
// one that it fills. Errors come back from fsync().
class WriteBack {
 public:
  void written(const Transfer& transfer, const Range& range) {
    flush(transfer.file.get(), range, SYNC_FILE_RANGE_WRITE);
    if (fd_ >= 0) {
      flush(fd_, last_, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    }
    fd_ = transfer.file.get();
    last_ = range;
  }

 private:
  static void flush(int fd, const Range& range, unsigned flags) {
    (void)::sync_file_range(fd, static_cast<off_t>(range.offset), static_cast<off_t>(range.length), flags);
  }
  int fd_ = -1;
  Range last_;
};

// `each`, made by make_each() for every thread, takes all ranges, on at most `threads` threads; returns when
// it has.
template <typename MakeEach>
void for_each_range(uint32_t threads, Ranges& ranges, MakeEach&& make_each) {
  const auto started = static_cast<uint32_t>(std::clamp<size_t>(ranges.count(), 1, threads));
  sdk::run_threads(started, [&](uint32_t, const sdk::StopFlag& stop) {
    auto each = make_each();
    for (Range range; !stop.stopped() && ranges.next(range);) each(range);
  });
}

// Counts bytes over all threads and keeps to the limit.
class Pace {
 public:
  Pace(const sdk::Host& host, uint64_t limit_bytes_per_second, const CopyProgress& progress,
       uint64_t total_bytes)
      : host_(host),
        limit_(limit_bytes_per_second),
        progress_(progress),
        total_bytes_(total_bytes),
        began_ns_(host.now_ns()) {}

  // Before `length` more bytes are read.
  void claim(uint64_t length) {
    host_.throw_if_cancelled();
    if (limit_ == 0) return;
    const auto before = static_cast<double>(claimed_bytes_.fetch_add(length));
    const uint64_t due_ns = began_ns_ + static_cast<uint64_t>(before * 1e9 / static_cast<double>(limit_));
    for (uint64_t now = host_.now_ns(); now < due_ns; now = host_.now_ns()) {
      host_.throw_if_cancelled();
      const timespec pause = {0, static_cast<long>(std::min(due_ns - now, kSleepNsMax))};
      ::nanosleep(&pause, nullptr);
    }
  }
  void done(uint64_t length) { progress_(done_bytes_ += length, total_bytes_); }

 private:
  const sdk::Host& host_;
  uint64_t limit_;
  const CopyProgress& progress_;
  uint64_t total_bytes_;
  uint64_t began_ns_;
  std::atomic<uint64_t> done_bytes_{0};
  std::atomic<uint64_t> claimed_bytes_{0};
};

// One call a file, several at once: a disk takes them together.
void sync_files(const sdk::Host& host, const CopySettings& settings, const std::vector<Transfer>& transfers) {
  std::atomic<size_t> next{0};
  const auto started = static_cast<uint32_t>(std::clamp<size_t>(transfers.size(), 1, settings.threads));
  sdk::run_threads(started, [&](uint32_t, const sdk::StopFlag& stop) {
    for (size_t at = next++; at < transfers.size() && !stop.stopped(); at = next++) {
      host.throw_if_cancelled();
      if (::fsync(transfers[at].file.get()) != 0) throw os_failure(errno, transfers[at].shown + ": fsync");
    }
  });
}

CopyTimes move_files(const sdk::Host& host, const CopySettings& settings, Pace& pace,
                     const std::vector<Transfer>& transfers) {
  std::vector<uint64_t> sizes;
  for (const Transfer& transfer : transfers) sizes.push_back(transfer.size_bytes);
  Ranges ranges(sizes, settings.chunk_bytes);
  const uint64_t began_ns = host.now_ns();
  for_each_range(settings.threads, ranges, [&] {
    return [&, buffer = Buffer(settings.chunk_bytes), write_back = WriteBack()](const Range& range) mutable {
      const Transfer& transfer = transfers[range.file];
      pace.claim(range.length);
      transfer.object.read_at(range.offset, buffer.data(), range.length);
      transfer.digest.add(range.offset, buffer.data(), range.length);
      write_range(transfer, range, buffer.data());
      write_back.written(transfer, range);
      pace.done(range.length);
    };
  });
  const uint64_t moved_ns = host.now_ns();
  sync_files(host, settings, transfers);
  return {moved_ns - began_ns, host.now_ns() - moved_ns};
}

// Space is taken before bytes are moved: a disk that is too full says so at once.
void preallocate(const Transfer& transfer) {
  if (transfer.size_bytes == 0) return;
  const auto size = static_cast<off_t>(transfer.size_bytes);
  int failed = ::fallocate(transfer.file.get(), 0, 0, size) == 0 ? 0 : errno;
  // The file system has no such call: the space was counted before, and is not set aside.
  if (failed == EOPNOTSUPP) failed = 0;
  if (failed != 0) {
    throw os_failure(failed,
                     transfer.shown + ": setting aside " + std::to_string(transfer.size_bytes) + " bytes");
  }
}

// The object, which has to be what was listed.
sdk::UpstreamObject open_listed(const sdk::Upstream& source, const std::string& key,
                                const ManifestFile& file) {
  sdk::UpstreamObject object = source.open(key);
  if (object.info().size_bytes != file.size_bytes) {
    throw Failure(COLDLOAD_INTEGRITY, key + ": " + std::to_string(object.info().size_bytes) + " bytes now, " +
                                          std::to_string(file.size_bytes) + " when it was listed");
  }
  return object;
}

// A copy grants others no more than its source's file does. What is no file has no mode.
unsigned mode_of_copy(const sdk::UpstreamObject& object) {
  constexpr unsigned kOwnersMode = 0600;
  struct stat status = {};
  if (!object.can(COLDLOAD_CAN_FD) || ::fstat(object.info().fd, &status) != 0) return kFileMode;
  return kOwnersMode | (kFileMode & status.st_mode);
}

Transfer begin_transfer(const coldload_digest_ops& digest, const sdk::Upstream& source,
                        const std::string& prefix, const Directory& directory, ManifestFile& file) {
  sdk::UpstreamObject object = open_listed(source, prefix + file.name, file);
  if (!object.can(COLDLOAD_CAN_READ_AT)) {
    throw Failure(COLDLOAD_UNSUPPORTED,
                  prefix + file.name + ": the source does not offer READ_AT, which a copy needs");
  }
  file.version = version_word(object.info().version);
  const unsigned mode = mode_of_copy(object);
  Transfer transfer{std::move(object), create_file(directory, file.name, mode),
                    FileDigest(digest, file.size_bytes), directory.shown + "/" + file.name, file.size_bytes};
  preallocate(transfer);
  return transfer;
}

// A copy of which one half is older than the other is no copy: what was replaced meanwhile has another
// version.
void check_unchanged(const sdk::Upstream& source, const std::string& key, const ManifestFile& file) {
  const std::string version = version_word(open_listed(source, key, file).info().version);
  if (version == file.version) return;
  throw Failure(COLDLOAD_INTEGRITY, key + ": was changed while it was copied (version " + version + " now, " +
                                        file.version + " before): copy again when nobody writes there");
}

const coldload_digest_ops& digest_of(const sdk::Host& host) {
  const auto* digest = host.extension<coldload_digest_ops>(COLDLOAD_HOST_EXT_DIGEST);
  if (digest == nullptr) {
    throw Failure(COLDLOAD_INTERNAL, std::string("the host does not offer ") + COLDLOAD_HOST_EXT_DIGEST);
  }
  return *digest;
}

std::string digest_of_object(const coldload_digest_ops& digest, const sdk::UpstreamObject& object,
                             const CopySettings& settings, Pace& pace) {
  const FileDigest read(digest, object.info().size_bytes);
  Ranges ranges({object.info().size_bytes}, settings.chunk_bytes);
  for_each_range(settings.threads, ranges, [&] {
    return [&, buffer = Buffer(settings.chunk_bytes)](const Range& range) {
      pace.claim(range.length);
      object.read_at(range.offset, buffer.data(), range.length);
      read.add(range.offset, buffer.data(), range.length);
      pace.done(range.length);
    };
  });
  return read.text();
}

}  // namespace

CopyTimes copy_files(const sdk::Host& host, const sdk::Upstream& source, const std::string& source_prefix,
                     const Directory& directory, const CopySettings& settings, Manifest& manifest,
                     const CopyProgress& progress) {
  const coldload_digest_ops& digest = digest_of(host);
  Pace pace(host, settings.limit_bytes_per_second, progress, manifest.total_bytes());
  CopyTimes times;
  for (size_t first = 0; first < manifest.files.size(); first += kOpenFilesMax) {
    const size_t end = std::min(first + kOpenFilesMax, manifest.files.size());
    std::vector<Transfer> transfers;
    transfers.reserve(end - first);
    for (size_t at = first; at < end; ++at) {
      host.throw_if_cancelled();
      transfers.push_back(begin_transfer(digest, source, source_prefix, directory, manifest.files[at]));
    }
    const CopyTimes part = move_files(host, settings, pace, transfers);
    times.transfer_ns += part.transfer_ns;
    times.sync_ns += part.sync_ns;
    for (size_t at = first; at < end; ++at) manifest.files[at].digest = transfers[at - first].digest.text();
  }
  for (const ManifestFile& file : manifest.files) check_unchanged(source, source_prefix + file.name, file);
  return times;
}

void verify_files(const sdk::Host& host, const Verified& verified, const CopySettings& settings,
                  const Manifest& manifest, const CopyProgress& progress) {
  const coldload_digest_ops& digest = digest_of(host);
  Pace pace(host, settings.limit_bytes_per_second, progress, manifest.total_bytes());
  for (const ManifestFile& file : manifest.files) {
    const std::string key = verified.prefix + file.name;
    const sdk::UpstreamObject object = verified.holder.open(key);
    const auto differs = [&](const std::string& found, const std::string& wanted) {
      std::string message = key;
      message.append(": ").append(found).append(", the manifest says ").append(wanted);
      message.append(": ").append(verified.advice);
      return Failure(COLDLOAD_INTEGRITY, message);
    };
    if (object.info().size_bytes != file.size_bytes) {
      throw differs(std::to_string(object.info().size_bytes) + " bytes", std::to_string(file.size_bytes));
    }
    if (verified.drop_pages && object.can(COLDLOAD_CAN_EVICT)) object.evict();
    const std::string read = digest_of_object(digest, object, settings, pace);
    if (read != file.digest) throw differs("its bytes have digest " + read, file.digest);
  }
}

}  // namespace coldload::staged
