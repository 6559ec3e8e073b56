// Faults below a backend, moved from the first call to the last: each is passed on as a failure, or the bytes
// are right all the same.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ranges>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/conformance/backend_checks.hpp"
#include "core/conformance/guarded_buffer.hpp"
#include "core/conformance/reading.hpp"

namespace coldload::conformance {
namespace {

constexpr uint64_t kPieceBytes = 64 * limits::kKiB;
constexpr size_t kPiecesMax = 16;

// The object in pieces, the last of which ends it; at most kPiecesMax.
std::vector<Range> pieces_of(uint64_t size) {
  const uint64_t piece =
      std::max(kPieceBytes, (size / kPiecesMax + kPieceBytes - 1) / kPieceBytes * kPieceBytes);
  std::vector<Range> ranges;
  for (uint64_t offset = 0; offset < size; offset += piece) {
    ranges.push_back({offset, std::min({piece, size - offset, limits::kMiB})});
  }
  // A piece that was cut to bound the memory would leave the end untried.
  const uint64_t last = (size - 1) / limits::kPageBytes * limits::kPageBytes;
  if (!ranges.empty() && ranges.back().offset + ranges.back().length < size)
    ranges.push_back({last, size - last});
  return ranges;
}

// In the place of the object's own file: reads of it fail, or end early.
void replace_descriptor(const Object& object, const Descriptor& with) {
  const std::optional<int> file = file_behind(object);
  if (!with.valid() || !file || ::dup3(with.get(), *file, O_CLOEXEC) < 0) {
    inapplicable("the descriptor cannot be replaced: {}", std::strerror(errno));
  }
}

// Whether read_at() either fails, with a message, or gives what was there.
void check_told(const Object& object, Range range, const std::string& wanted, std::string_view fault) {
  const GuardedBuffer buffer(range.offset, room_for(object, range.length));
  buffer.fill(0x5A);
  const auto read = object.read_at(range.offset, buffer.data(), range.length);
  if (!read) {
    check_failure(read.error(), {}, fmt::format("{}: read_at() of {}", object.key(), fault));
    return;
  }
  if (std::memcmp(buffer.data(), wanted.data(), range.length) != 0) {
    broken("{}: read_at() says that all is well with {}, and gave bytes that were never there",
           shown(object, range), fault);
  }
}

// Calls `body(object, ranges, k)` with a fresh object for each piece k, plain and DIRECT.
template <typename Body>
void for_each_piece(const Subject& subject, Body&& body) {
  const OpenedBackend opened(subject);
  const ListedObject largest = opened.largest();
  bool tried = false;
  for (const uint32_t flags : {0u, uint32_t{COLDLOAD_OPEN_DIRECT}}) {
    for (const std::vector<Range> ranges = pieces_of(largest.size_bytes);
         const size_t k : std::views::iota(size_t{0}, ranges.size())) {
      const auto object = opened.open(largest.key, flags);
      if (!object->can(COLDLOAD_CAN_READ_AT) || !file_behind(*object)) continue;
      if (flags != 0 && !object->can(COLDLOAD_CAN_DIRECT)) continue;
      tried = true;
      body(*object, ranges, k);
    }
  }
  if (!tried)
    inapplicable(
        "its objects are read from no file of theirs that could be made to fail: what becomes of a read that "
        "fails or ends early is not shown here");
}

// The backend that another is built on, failing at one call. A table has no place for data of its own.
struct UpstreamFault {
  const coldload_backend_ops* real = nullptr;
  coldload_backend_ops failing{};
  coldload_backend table{};
  uint64_t calls = 0;
  uint64_t fail_at = UINT64_MAX;
};
// Of this process, which makes one check.
UpstreamFault upstream;
constexpr const char* kFaultMessage = "a fault made by the conformance kit";

bool fails_now(coldload_error* error) {
  if (upstream.calls++ != upstream.fail_at) return false;
  error->os_error = EIO;
  std::snprintf(error->message, sizeof error->message, "%s", kFaultMessage);
  return true;
}

const coldload_backend* stand_in_for(const Backend& real, const std::string& which) {
  if (real.name() != which) return real.table();
  upstream.real = real.table()->ops;
  upstream.failing = *upstream.real;
  upstream.failing.list = [](void* self, const char* prefix, coldload_list_callback callback, void* context,
                             coldload_error* error) -> coldload_status {
    return fails_now(error) ? COLDLOAD_IO_ERROR : upstream.real->list(self, prefix, callback, context, error);
  };
  upstream.failing.open = [](void* self, const char* key, uint32_t flags, void** out,
                             coldload_object_info* info, coldload_error* error) -> coldload_status {
    return fails_now(error) ? COLDLOAD_IO_ERROR : upstream.real->open(self, key, flags, out, info, error);
  };
  upstream.failing.read_at = [](void* object, uint64_t offset, void* buffer, uint64_t length,
                                coldload_error* error) -> coldload_status {
    return fails_now(error) ? COLDLOAD_IO_ERROR
                            : upstream.real->read_at(object, offset, buffer, length, error);
  };
  upstream.table = {&upstream.failing, real.table()->self};
  return &upstream.table;
}

// What a run does with a backend: the bytes of its largest object in pieces, or the first failure.
Result<std::string> bytes_through(const Subject& subject, const KitHost& host) {
  const std::string& first = subject.chain.front().name;
  const auto backend = Backend::create(*subject.registry, subject.chain, subject.base_directory, host,
                                       [&](const Backend& real) { return stand_in_for(real, first); });
  if (!backend) return pass(backend);
  if ((*backend)->stages()) {
    if (auto prepared = (*backend)->prepare("", [](uint64_t, uint64_t) {}); !prepared) return pass(prepared);
  }
  auto listed = (*backend)->list("");
  if (!listed) return pass(listed);
  const auto largest = std::ranges::max_element(*listed, {}, &ListedObject::size_bytes);
  if (largest == listed->end()) return std::string();
  const auto object = (*backend)->open(largest->key, 0);
  if (!object) return pass(object);
  std::string all;
  for (const Range& range : pieces_of(largest->size_bytes)) {
    std::string piece(range.length, '\x5A');
    if (auto read = (*object)->read_at(range.offset, piece.data(), range.length); !read) return pass(read);
    all += piece;
  }
  return all;
}

}  // namespace

void check_backend_refused_reads(const Subject& subject) {
  for_each_piece(subject, [](const Object& object, const std::vector<Range>& ranges, size_t k) {
    std::vector<std::string> wanted;
    wanted.reserve(ranges.size());
    for (const Range& range : ranges) wanted.push_back(read_range(object, range));
    // Reading a directory is EISDIR.
    replace_descriptor(object, Descriptor(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    for (size_t i = k; i < ranges.size(); ++i)
      check_told(object, ranges[i], wanted[i], "a file that the system refuses to read");
  });
}

void check_backend_short_file(const Subject& subject) {
  for_each_piece(subject, [](const Object& object, const std::vector<Range>& ranges, size_t k) {
    const Range cut = ranges[k];
    const std::string wanted = read_range(object, cut);
    // As long as the file was, but for the last byte of this piece.
    const Descriptor shorter(::memfd_create("shorter", MFD_CLOEXEC));
    if (::ftruncate(shorter.get(), static_cast<off_t>(cut.offset + cut.length - 1)) != 0) return;
    (void)::pwrite(shorter.get(), wanted.data(), cut.length - 1, static_cast<off_t>(cut.offset));
    replace_descriptor(object, shorter);
    check_told(object, cut, wanted, "a file that ends one byte early");
  });
}

void check_backend_upstream_faults(const Subject& subject) {
  if (subject.chain.size() < 2) inapplicable("it is built on no other backend");
  const KitHost host;
  const std::string wanted = expect(bytes_through(subject, host), "a run over it");
  const uint64_t calls = upstream.calls;
  if (calls == 0) broken("it never called the backend that it is built on");
  for (uint64_t k = 0; k < calls; ++k) {
    upstream.calls = 0;
    upstream.fail_at = k;
    const auto bytes = bytes_through(subject, host);
    if (bytes && *bytes != wanted) {
      broken(
          "call {} of {} to the backend it is built on failed, and it gave other bytes and said that all is "
          "well",
          k + 1, calls);
    }
    if (bytes) continue;
    check_failure(bytes.error(), {}, "a failure of the backend it is built on");
    if (!bytes.error().message.contains(kFaultMessage)) {
      broken("call {} of {} to the backend it is built on failed with \"{}\", and it said only: {}", k + 1,
             calls, kFaultMessage, bytes.error().message);
    }
  }
}

}  // namespace coldload::conformance
