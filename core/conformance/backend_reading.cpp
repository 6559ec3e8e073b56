// Reads at every edge, past the end, past the page cache, and from many threads.
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "coldload/cpp/posix/direct.hpp"
#include "coldload/cpp/posix/evict.hpp"
#include "coldload/cpp/posix/residency.hpp"
#include "coldload/cpp/threads.hpp"
#include "core/base/limits.hpp"
#include "core/conformance/backend_checks.hpp"
#include "core/conformance/guarded_buffer.hpp"
#include "core/conformance/reading.hpp"

namespace coldload::conformance {
namespace {

using limits::kPageBytes;

constexpr uint32_t kThreads = 16;
constexpr int kReadsOfThread = 24;
constexpr uint64_t kBypassBytes = 256 * limits::kKiB;
constexpr int kBypassTries = 20;

// Where ranges begin and end that readers get wrong: at pages, beside them, and at the end of the object.
std::vector<Range> edges_of(uint64_t size) {
  std::set<uint64_t> begins;
  for (const uint64_t at : {uint64_t{0}, uint64_t{1}, kPageBytes - 1, kPageBytes, kPageBytes + 1, size / 2}) {
    begins.insert(std::min(at, size - 1));
  }
  for (const uint64_t back : {uint64_t{1}, uint64_t{2}, kPageBytes - 1, kPageBytes, kPageBytes + 1}) {
    begins.insert(size - std::min(back, size));
  }
  begins.insert((size - 1) / kPageBytes * kPageBytes);
  std::vector<Range> ranges;
  for (const uint64_t begin : begins) {
    std::set<uint64_t> lengths;
    for (const uint64_t length :
         {uint64_t{1}, kPageBytes, kPageBytes + 1, 16 * kPageBytes + 7, size - begin}) {
      if (length <= size - begin) lengths.insert(length);
    }
    for (const uint64_t length : lengths) ranges.push_back({begin, length});
  }
  return ranges;
}

bool is_aligned(const Object& object, Range range) {
  const uint64_t alignment = object.info().offset_alignment_bytes;
  const bool to_the_end = range.offset + range.length == object.info().size_bytes;
  return range.offset % alignment == 0 && (range.length % alignment == 0 || to_the_end);
}

void need_read_at(const Object& object) {
  if (!object.can(COLDLOAD_CAN_READ_AT)) inapplicable("{} offers no READ_AT", object.key());
}

void refuse_past_end(const Object& object, Range range) {
  const GuardedBuffer buffer(range.offset, std::min<uint64_t>(range.length, 2 * kPageBytes));
  const auto read = object.read_at(range.offset, buffer.data(), range.length);
  if (read) {
    broken("{}: bytes {}+{} of {} reach past the end, and read_at() said that all is well", object.key(),
           range.offset, range.length, object.info().size_bytes);
  }
  check_failure(read.error(), {}, fmt::format("{}: read_at() past the end", object.key()));
  if (const std::string trespass = buffer.trespass(); !trespass.empty()) {
    broken("{}: read_at() past the end {}", object.key(), trespass);
  }
}

void check_direct_reads(const Object& direct, const Reference& reference) {
  uint64_t compared = 0;
  for (const Range& range : edges_of(direct.info().size_bytes)) {
    if (!is_aligned(direct, range) || !reference.covers(range)) continue;
    reference.compare(range, read_range(direct, range), shown(direct, range) + ", direct");
    ++compared;
  }
  if (compared == 0) broken("{}: no aligned range of it could be tried", direct.key());
}

// Whether direct reads leave the page cache as it was. Others may read the same file meanwhile: what they
// bring in once is not what the plugin brings in each time.
void check_bypass(const Object& direct) {
  const int fd = direct.info().fd;
  const Range range{0, std::min(direct.info().size_bytes, kBypassBytes)};
  uint64_t left = 0;
  for (int tries = 0; tries < kBypassTries; ++tries) {
    if (sdk::posix::evict_pages(fd) != 0) return;
    const auto before = sdk::posix::page_cache_residency(fd, direct.info().size_bytes);
    (void)read_range(direct, range);
    const auto after = sdk::posix::page_cache_residency(fd, direct.info().size_bytes);
    if (after.method == sdk::posix::ResidencyMethod::unknown) return;
    if (after.resident_bytes <= before.resident_bytes) return;
    left = after.resident_bytes - before.resident_bytes;
    ::usleep(20'000);
  }
  broken("{}: claims DIRECT, and reading {} bytes of it left {} in the page cache, {} times of {}",
         direct.key(), range.length, left, kBypassTries, kBypassTries);
}

}  // namespace

void check_backend_read_edges(const Subject& subject) {
  const OpenedBackend opened(subject);
  for (const ListedObject& listed : opened.samples()) {
    const auto object = opened.open(listed.key);
    need_read_at(*object);
    const Reference reference(*object);
    for (const Range& range : edges_of(object->info().size_bytes)) {
      if (!reference.covers(range)) continue;
      reference.compare(range, read_range(*object, range), shown(*object, range));
    }
  }
}

void check_backend_past_end(const Subject& subject) {
  const OpenedBackend opened(subject);
  for (const ListedObject& listed : opened.samples()) {
    const auto object = opened.open(listed.key);
    need_read_at(*object);
    const uint64_t size = listed.size_bytes;
    const uint64_t back = std::min(size, kPageBytes);
    for (const Range& range :
         {Range{size, 1}, Range{size - 1, 2}, Range{size - back, back + 1}, Range{size + 1, 1},
          Range{size + kPageBytes, kPageBytes}, Range{UINT64_MAX - 10, 100}}) {
      refuse_past_end(*object, range);
    }
  }
}

void check_backend_direct(const Subject& subject) {
  const OpenedBackend opened(subject);
  bool granted = false;
  for (const ListedObject& listed : opened.samples()) {
    const auto direct = opened.open_direct(listed.key);
    if (direct == nullptr) continue;
    granted = true;
    const auto plain = opened.open(listed.key);
    need_read_at(*plain);
    const Reference reference(*plain);
    check_direct_reads(*direct, reference);
    if (direct->can(COLDLOAD_CAN_FD)) check_bypass(*direct);
    const uint64_t size = listed.size_bytes;
    const uint64_t alignment = direct->info().offset_alignment_bytes;
    refuse_past_end(*direct, {(size + alignment - 1) / alignment * alignment, alignment});
  }
  if (!granted) inapplicable("no object is opened DIRECT with READ_AT here");
}

void check_backend_concurrent(const Subject& subject) {
  const OpenedBackend opened(subject);
  std::vector<std::unique_ptr<Object>> objects;
  std::vector<Reference> references;
  for (const ListedObject& listed : opened.samples()) {
    objects.push_back(opened.open(listed.key));
    need_read_at(*objects.back());
    references.emplace_back(*objects.back());
  }
  sdk::run_threads(kThreads, [&](uint32_t index, const sdk::StopFlag& stop) {
    std::mt19937_64 random(index);
    for (int i = 0; i < kReadsOfThread && !stop.stopped(); ++i) {
      const size_t which = random() % objects.size();
      const std::vector<Range> windows = references[which].ranges();
      const Range window = windows[random() % windows.size()];
      const uint64_t begin = random() % window.length;
      const uint64_t length = 1 + random() % std::min(window.length - begin, 256 * limits::kKiB);
      const Range range{window.offset + begin, length};
      references[which].compare(
          range, read_range(*objects[which], range),
          fmt::format("{}, one of {} threads", shown(*objects[which], range), kThreads));
    }
  });
}

}  // namespace coldload::conformance
