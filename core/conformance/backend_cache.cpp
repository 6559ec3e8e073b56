// What objects claim beside reading: descriptors, paths, and what a cache of this machine holds of them. The
// kernel is asked, not the plugin.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "coldload/cpp/posix/direct.hpp"
#include "coldload/cpp/posix/evict.hpp"
#include "coldload/cpp/posix/read.hpp"
#include "coldload/cpp/posix/residency.hpp"
#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/conformance/backend_checks.hpp"
#include "core/conformance/reading.hpp"

namespace coldload::conformance {
namespace {

// Of what an eviction leaves: others may read the same file meanwhile.
constexpr uint64_t kLeftPercentMax = 5;
constexpr int kTries = 20;
constexpr useconds_t kBetweenTriesUs = 20'000;

template <typename Body>
void for_each_claiming(const Subject& subject, uint32_t capability, Body&& body) {
  const OpenedBackend opened(subject);
  bool claimed = false;
  for (const ListedObject& listed : opened.samples()) {
    const auto object = opened.open(listed.key);
    if (!object->can(capability)) continue;
    claimed = true;
    body(*object);
  }
  if (!claimed) inapplicable("no object claims {}", capability_names(capability));
}

// Bytes by pread, from where reads of the plugin's cannot reach.
std::string bytes_of(int fd, Range range, const std::string& what) {
  std::string bytes(range.length, '\0');
  const auto read = sdk::posix::read_exact(fd, range.offset, bytes.data(), range.length);
  if (read.os_error != 0) broken("{}: reading it: {}", what, std::strerror(read.os_error));
  if (read.bytes_read != range.length) {
    broken("{}: ends at byte {}, the object has {}", what, range.offset + read.bytes_read,
           range.offset + range.length);
  }
  return bytes;
}

void compare_file(int fd, const Object& object, const std::string& what) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) broken("{}: {}", what, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) broken("{}: is no regular file", what);
  if (static_cast<uint64_t>(status.st_size) != object.info().size_bytes) {
    broken("{}: has {} bytes, the object {}", what, status.st_size, object.info().size_bytes);
  }
  if (!object.can(COLDLOAD_CAN_READ_AT)) return;
  const Reference reference(object);
  for (const Range& range : reference.ranges()) {
    reference.compare(range, bytes_of(fd, range, what), what + ", against read_at()");
  }
}

// What the kernel says is cached, or nothing where it does not tell.
std::optional<uint64_t> cached_bytes(const Object& object) {
  const auto look = [&](int fd) -> std::optional<uint64_t> {
    const auto residency = sdk::posix::page_cache_residency(fd, object.info().size_bytes);
    if (residency.method == sdk::posix::ResidencyMethod::unknown) return std::nullopt;
    return residency.resident_bytes;
  };
  if (const std::optional<int> file = file_behind(object)) return look(*file);
  if (!object.can(COLDLOAD_CAN_PATH)) return std::nullopt;
  const Descriptor file(::open(object.info().path, O_RDONLY | O_CLOEXEC));
  return file.valid() ? look(file.get()) : std::nullopt;
}

void evict_file_behind(const Object& object) {
  if (const std::optional<int> file = file_behind(object)) (void)sdk::posix::evict_pages(*file);
}

void read_all(const Object& object) {
  const uint64_t size = object.info().size_bytes;
  for (uint64_t offset = 0; offset < std::min(size, 64 * limits::kMiB); offset += limits::kMiB) {
    std::string piece(std::min(limits::kMiB, size - offset), '\0');
    if (object.can(COLDLOAD_CAN_READ_AT)) {
      expect(object.read_at(offset, piece.data(), piece.size()), "read_at()");
    } else if (object.can(COLDLOAD_CAN_FD)) {
      (void)sdk::posix::read_exact(object.info().fd, offset, piece.data(), piece.size());
    }
  }
}

uint64_t near(uint64_t size) {
  return std::max(size * kLeftPercentMax / 100, limits::kPageBytes);
}

}  // namespace

void check_backend_descriptor(const Subject& subject) {
  for_each_claiming(subject, COLDLOAD_CAN_FD, [](const Object& object) {
    compare_file(object.info().fd, object,
                 fmt::format("{}: its descriptor {}", object.key(), object.info().fd));
  });
}

void check_backend_map(const Subject& subject) {
  for_each_claiming(subject, COLDLOAD_CAN_MAP, [](const Object& object) {
    const uint64_t size = object.info().size_bytes;
    void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, object.info().fd, 0);
    if (map == MAP_FAILED) broken("{}: claims MAP, and mmap() says: {}", object.key(), std::strerror(errno));
    if (!object.can(COLDLOAD_CAN_READ_AT)) return;
    const Reference reference(object);
    for (const Range& range : reference.ranges()) {
      reference.compare(range, {static_cast<const char*>(map) + range.offset, range.length},
                        object.key() + ", mapped");
    }
  });
}

void check_backend_path(const Subject& subject) {
  for_each_claiming(subject, COLDLOAD_CAN_PATH, [](const Object& object) {
    const std::string path = object.info().path;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid())
      broken("{}: claims the path {}, which cannot be opened: {}", object.key(), path, std::strerror(errno));
    struct stat status{};
    if (::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode))
      broken("{}: its path {} is a link, expected it resolved", object.key(), path);
    compare_file(file.get(), object, fmt::format("{}: its path {}", object.key(), path));
  });
}

void check_backend_evict(const Subject& subject) {
  for_each_claiming(subject, COLDLOAD_CAN_EVICT, [](const Object& object) {
    const uint64_t size = object.info().size_bytes;
    uint64_t left = size;
    for (int tries = 0; tries < kTries; ++tries) {
      read_all(object);
      expect(object.evict(), "evict()");
      const std::optional<uint64_t> cached = cached_bytes(object);
      if (!cached && !object.can(COLDLOAD_CAN_RESIDENCY)) {
        inapplicable("{}: nothing here can tell what is cached", object.key());
      }
      left = cached ? *cached : expect(object.residency(), "residency()");
      if (left <= near(size)) return;
      ::usleep(kBetweenTriesUs);
    }
    broken("{}: evict() says that all is well, and {} of its {} bytes are still cached", object.key(), left,
           size);
  });
}

void check_backend_residency(const Subject& subject) {
  for_each_claiming(subject, COLDLOAD_CAN_RESIDENCY, [](const Object& object) {
    const uint64_t size = object.info().size_bytes;
    for (const bool evicted : {false, true}) {
      uint64_t said = 0;
      uint64_t cached = 0;
      for (int tries = 0; tries < kTries; ++tries) {
        read_all(object);
        if (evicted) evict_file_behind(object);
        said = expect(object.residency(), "residency()");
        const std::optional<uint64_t> found = cached_bytes(object);
        if (!found) inapplicable("{}: nothing here can tell what is cached", object.key());
        cached = found.value_or(0);
        if (std::max(said, cached) - std::min(said, cached) <= near(size)) break;
        ::usleep(kBetweenTriesUs);
      }
      if (said > size) broken("{}: residency() says {} of its {} bytes", object.key(), said, size);
      if (std::max(said, cached) - std::min(said, cached) > near(size)) {
        broken("{}: residency() says that {} bytes are cached, the kernel says {} of {}", object.key(), said,
               cached, size);
      }
    }
  });
}

void check_backend_no_local_cache(const Subject& subject) {
  for_each_claiming(subject, COLDLOAD_CAN_NO_LOCAL_CACHE, [](const Object& object) {
    evict_file_behind(object);
    const std::optional<uint64_t> before = cached_bytes(object);
    if (!before) {
      inapplicable(
          "{}: is read from no file that can be seen here, so whether reading it leaves something cached "
          "cannot",
          object.key());
    }
    read_all(object);
    const std::optional<uint64_t> after = cached_bytes(object);
    if (after && *after > *before + near(object.info().size_bytes)) {
      broken("{}: claims NO_LOCAL_CACHE, and reading it left {} bytes in the page cache", object.key(),
             *after - *before);
    }
  });
}

}  // namespace coldload::conformance
