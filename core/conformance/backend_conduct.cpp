// How a backend ends: when it is told to stop, when it is closed, when it is destroyed.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/conformance/backend_checks.hpp"
#include "core/conformance/patience.hpp"
#include "core/conformance/reading.hpp"
#include "core/conformance/self.hpp"

namespace coldload::conformance {
namespace {

constexpr uint32_t kReaders = 4;
constexpr int kRounds = 3;

// One thread's reads, until the run is stopped and a read has come back.
struct Reader {
  std::atomic<uint64_t> returned_ns{0};
  Result<void> last;
};

// Shared with the threads: one that never comes back outlives the check, and must not lose what it uses.
struct Reading {
  explicit Reading(const Subject& subject) : opened(subject), object(opened.open(opened.largest().key)) {}

  OpenedBackend opened;
  std::unique_ptr<Object> object;  // closed before its backend
  std::array<Reader, kReaders> readers;
};

void read_until_stopped(const Reading& reading, Reader& reader) {
  const uint64_t length = std::min(reading.object->info().size_bytes, limits::kMiB);
  std::string buffer(length, '\0');
  do {
    reader.last = reading.object->read_at(0, buffer.data(), length);
  } while (!reading.opened.host.cancelled() && reader.last);
  reader.returned_ns = now_ns();
}

void open_read_close(const Subject& subject) {
  const OpenedBackend opened(subject);
  for (const ListedObject& listed : opened.samples()) {
    const auto object = opened.open(listed.key);
    std::string buffer(std::min(listed.size_bytes, limits::kMiB), '\0');
    if (object->can(COLDLOAD_CAN_READ_AT))
      expect(object->read_at(0, buffer.data(), buffer.size()), "read_at()");
    // One that fails has to give back as much.
    (void)opened.backend->open(listed.key + "/coldload-check/nothing", 0);
  }
}

}  // namespace

void check_backend_cancel(const Subject& subject) {
  const auto reading = std::make_shared<Reading>(subject);
  const Object& object = *reading->object;
  if (!object.can(COLDLOAD_CAN_READ_AT)) inapplicable("{} offers no READ_AT", object.key());
  for (size_t i = 0; i < kReaders; ++i) {
    std::thread([reading, i] { read_until_stopped(*reading, reading->readers.at(i)); }).detach();
  }
  ::usleep(50'000);
  const uint64_t stopped_ns = now_ns();
  reading->opened.host.cancel();
  wait_within_patience(stopped_ns, [&] {
    return std::ranges::all_of(reading->readers,
                               [](const Reader& reader) { return reader.returned_ns != 0; });
  });
  for (const Reader& reader : reading->readers) {
    if (reader.returned_ns == 0) broken("{}: read_at() {}", object.key(), kIgnoredStop);
    if (!reader.last) check_failure(reader.last.error(), {Status::cancelled}, "a read that was cancelled");
  }
  const uint64_t began_ns = now_ns();
  const auto listed = reading->opened.backend->list("");
  if (now_ns() - began_ns > kPatienceNs) broken("list() {}", kIgnoredStop);
  if (!listed) check_failure(listed.error(), {Status::cancelled}, "a listing that was cancelled");
}

void check_backend_gives_back(const Subject& subject) {
  // Libraries keep things of their own from their first use on.
  open_read_close(subject);
  const size_t threads = thread_count();
  const size_t descriptors = descriptor_count();
  for (int round = 0; round < kRounds; ++round) open_read_close(subject);
  if (!threads_come_back_to(threads)) {
    broken("{} threads after create, open, read, close, destroy, {} before: they are joined in destroy()",
           thread_count(), threads);
  }
  if (const size_t now = descriptor_count(); now > descriptors) {
    broken("{} descriptors more than before, after {} rounds of create, open, read, close, destroy",
           now - descriptors, kRounds);
  }
}

void check_backend_after_close(const Subject& subject) {
  const OpenedBackend opened(subject);
  const ListedObject largest = opened.largest();
  auto object = opened.open(largest.key);
  if (!object->can(COLDLOAD_CAN_READ_AT)) inapplicable("{} offers no READ_AT", object->key());
  std::string buffer(std::min(largest.size_bytes, limits::kMiB), '\0');
  expect(object->read_at(0, buffer.data(), buffer.size()), "read_at()");
  static constexpr char kMark = '\x6B';
  const auto watch = [&](const char* when) {
    std::ranges::fill(buffer, kMark);
    ::usleep(100'000);
    if (std::ranges::any_of(buffer, [](char byte) { return byte != kMark; })) {
      broken("{}: a buffer was written to after {}", largest.key, when);
    }
  };
  watch("read_at() had returned");
  object.reset();
  watch("close()");
}

}  // namespace coldload::conformance
