// The optional interfaces, each held to its header where it is offered.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coldload/ext/async_read.h"
#include "coldload/ext/diagnose.h"
#include "coldload/ext/directory.h"
#include "core/base/limits.hpp"
#include "core/conformance/backend_checks.hpp"
#include "core/conformance/guarded_buffer.hpp"
#include "core/conformance/patience.hpp"
#include "core/conformance/reading.hpp"

namespace coldload::conformance {
namespace {

constexpr uint32_t kDepth = 8;
constexpr uint64_t kPieceBytes = 64 * limits::kKiB;

template <typename Table>
const Table& extension_of(const Backend& backend, const char* id) {
  const auto* table = static_cast<const Table*>(backend.extension(id));
  if (table == nullptr) inapplicable("it does not offer {}", id);
  if (table->struct_size < sizeof(Table))
    broken("{}: a struct_size of {}, expected {}", id, table->struct_size, sizeof(Table));
  return *table;
}

// A call of a C table that has to succeed.
template <typename Call>
void demand(std::string_view what, Call&& call) {
  coldload_error error{};
  error.struct_size = sizeof error;
  const coldload_status status = call(&error);
  if (status != COLDLOAD_OK) broken("{} returned status {}: {}", what, status, error.message);
}

// A queue and the reads under way in it, each into memory of its own.
class Queue {
 public:
  Queue(const coldload_async_read_ops& ops, const Backend& backend, const Object& object)
      : ops_(ops), object_(object) {
    demand("queue_open()",
           [&](coldload_error* error) { return ops_.queue_open(backend.self(), kDepth, &queue_, error); });
  }

  coldload_status submit(uint64_t tag, Range range, coldload_error& error) {
    auto buffer = std::make_unique<GuardedBuffer>(range.offset, room_for(object_, range.length));
    buffer->fill(0x5A);
    error.struct_size = sizeof error;
    const coldload_status status =
        ops_.submit(queue_, object_.table()->self, range.offset, range.length, buffer->data(), tag, &error);
    if (status == COLDLOAD_OK) under_way_[tag] = {range, std::move(buffer)};
    return status;
  }
  void submit(uint64_t tag, Range range) {
    coldload_error error{};
    if (submit(tag, range, error) != COLDLOAD_OK)
      broken("submit() of {}: {}", shown(object_, range), error.message);
  }

  // Takes at least `min` completions and gives each to `take`.
  template <typename Take>
  void wait(uint32_t min, Take&& take) {
    std::vector<coldload_completion> done(kDepth);
    for (coldload_completion& each : done) each.error.struct_size = sizeof each.error;
    uint32_t count = 0;
    demand("wait()",
           [&](coldload_error* error) { return ops_.wait(queue_, min, kDepth, done.data(), &count, error); });
    if (count < min) broken("wait({}) came back with {} completions", min, count);
    if (count > kDepth) broken("wait() wrote {} completions where {} were asked for at most", count, kDepth);
    for (uint32_t i = 0; i < count; ++i) {
      const auto found = under_way_.find(done[i].tag);
      if (found == under_way_.end()) broken("wait() gave the tag {}, which is not under way", done[i].tag);
      const auto read = std::move(found->second);
      under_way_.erase(found);
      if (const std::string trespass = read.buffer->trespass(); !trespass.empty()) {
        broken("{}: an asynchronous read {}", shown(object_, read.range), trespass);
      }
      take(done[i], read.range, *read.buffer);
    }
  }

  void cancel_all() { ops_.cancel_all(queue_); }
  void close() { ops_.queue_close(queue_); }
  [[nodiscard]] size_t under_way() const { return under_way_.size(); }
  // Fills all memory of reads that are no longer under way, and says whether anything writes to it.
  [[nodiscard]] bool anything_arrives() const {
    for (const auto& [tag, read] : under_way_) read.buffer->fill(0x6B);
    ::usleep(150'000);
    return std::ranges::any_of(under_way_, [](const auto& entry) {
      const Range range = entry.second.range;
      const std::byte* bytes = entry.second.buffer->data();
      return std::any_of(bytes, bytes + range.length, [](std::byte byte) { return byte != std::byte{0x6B}; });
    });
  }

 private:
  struct UnderWay {
    Range range;
    std::unique_ptr<GuardedBuffer> buffer;
  };
  const coldload_async_read_ops& ops_;
  const Object& object_;
  void* queue_ = nullptr;
  std::map<uint64_t, UnderWay> under_way_;
};

std::vector<Range> pieces_of(const Reference& reference) {
  std::vector<Range> pieces;
  for (const Range& window : reference.ranges()) {
    for (uint64_t at = 0; at < window.length; at += kPieceBytes) {
      pieces.push_back({window.offset + at, std::min(kPieceBytes, window.length - at)});
    }
  }
  return pieces;
}

}  // namespace

void check_backend_async_read(const Subject& subject) {
  const OpenedBackend opened(subject);
  const auto& ops = extension_of<coldload_async_read_ops>(*opened.backend, COLDLOAD_EXT_ASYNC_READ);
  const auto object = opened.open(opened.largest().key);
  if (!object->can(COLDLOAD_CAN_READ_AT)) inapplicable("{} offers no READ_AT to compare with", object->key());
  const Reference reference(*object);
  Queue queue(ops, *opened.backend, *object);
  const auto compare = [&](const coldload_completion& done, Range range, const GuardedBuffer& buffer) {
    if (done.status != COLDLOAD_OK)
      broken("{}: an asynchronous read ended with status {}: {}", shown(*object, range), done.status,
             done.error.message);
    reference.compare(range, {reinterpret_cast<const char*>(buffer.data()), range.length},
                      shown(*object, range) + ", asynchronous");
  };
  uint64_t tag = 1000;
  for (const Range& range : pieces_of(reference)) {
    if (queue.under_way() == kDepth) queue.wait(1, compare);
    queue.submit(tag++, range);
  }
  while (queue.under_way() > 0) queue.wait(1, compare);
  queue.wait(0, compare);
  coldload_error error{};
  const uint64_t size = object->info().size_bytes;
  // A range past the end may be refused at once, or come back failed.
  if (queue.submit(1, {size, 1}, error) == COLDLOAD_OK) {
    queue.wait(1, [&](const coldload_completion& done, Range, const GuardedBuffer&) {
      if (done.status == COLDLOAD_OK)
        broken("{}: an asynchronous read past the end said that all is well", object->key());
    });
  }
  queue.close();
}

void check_backend_async_cancel(const Subject& subject) {
  const OpenedBackend opened(subject);
  const auto& ops = extension_of<coldload_async_read_ops>(*opened.backend, COLDLOAD_EXT_ASYNC_READ);
  const auto object = opened.open(opened.largest().key);
  const uint64_t length = std::min(object->info().size_bytes, kPieceBytes);
  Queue queue(ops, *opened.backend, *object);
  for (uint64_t tag = 0; tag < kDepth; ++tag) queue.submit(tag, {0, length});
  coldload_error error{};
  // A queue may end reads early; then there is room.
  if (queue.submit(kDepth, {0, length}, error) == COLDLOAD_OK) {
    broken("submit() took read {} where queue_open() was told of {} at once", kDepth + 1, kDepth);
  }
  queue.cancel_all();
  if (queue.anything_arrives()) broken("after cancel_all() had returned, a buffer was written to");
  queue.close();
  Queue second(ops, *opened.backend, *object);
  second.submit(1, {0, length});
  second.cancel_all();
  second.close();
}

void check_backend_prepare(const Subject& subject) {
  const KitHost host;
  const auto backend = create_backend(subject, host);
  if (!backend->stages()) inapplicable("it does not offer {}", COLDLOAD_EXT_PREPARE);
  std::atomic<bool> beyond{false};
  const auto progress = [&](uint64_t done, uint64_t total) {
    if (done > total) beyond = true;
  };
  const auto listed = expect(backend->list(""), "list(\"\") before anything is prepared");
  expect(backend->prepare("", progress), "prepare(\"\")");
  if (beyond) broken("prepare() told of more bytes done than there are");
  if (!expect(backend->is_prepared(""), "is_prepared(\"\")"))
    broken("is_prepared() says no right after prepare()");
  const auto after = expect(backend->list(""), "list(\"\") after prepare()");
  if (after.size() != listed.size())
    broken("list() gave {} objects before prepare() and {} after", listed.size(), after.size());
  for (const ListedObject& each : after) {
    if (each.size_bytes == 0) continue;
    const auto object = expect(backend->open(each.key, 0), "open() after prepare()");
    if (object->info().size_bytes != each.size_bytes)
      broken("{}: {} bytes after prepare(), {} listed", each.key, object->info().size_bytes, each.size_bytes);
  }
  expect(backend->verify("", progress), "verify(\"\") right after prepare()");
  expect(backend->prepare("", progress), "a second prepare(\"\")");
  expect(backend->discard(""), "discard(\"\")");
}

void check_backend_directory(const Subject& subject) {
  const OpenedBackend opened(subject);
  const auto& ops = extension_of<coldload_directory_ops>(*opened.backend, COLDLOAD_EXT_DIRECTORY);
  int32_t fd = -1;
  const char* path = nullptr;
  demand("root()",
         [&](coldload_error* error) { return ops.root(opened.backend->self(), &fd, &path, error); });
  if (path == nullptr || *path != '/') broken("root() gave no absolute path");
  struct stat by_fd{};
  struct stat by_path{};
  if (::fstat(fd, &by_fd) != 0 || !S_ISDIR(by_fd.st_mode))
    broken("root() gave a descriptor, {}, that is no directory", fd);
  if (::stat(path, &by_path) != 0 || by_path.st_ino != by_fd.st_ino || by_path.st_dev != by_fd.st_dev) {
    broken("root() gave the path {} and a descriptor of something else", path);
  }
  for (const ListedObject& listed : opened.samples()) {
    struct stat status{};
    if (::fstatat(fd, listed.key.c_str(), &status, 0) != 0 ||
        static_cast<uint64_t>(status.st_size) != listed.size_bytes) {
      broken("the object {} is no file of {} bytes below root()", listed.key, listed.size_bytes);
    }
  }
}

void check_backend_diagnose(const Subject& subject) {
  const KitHost host;
  const auto backend = create_backend(subject, host);
  const auto& ops = extension_of<coldload_diagnose_ops>(*backend, COLDLOAD_EXT_DIAGNOSE);
  struct Facts {
    size_t count = 0;
    std::string fault;
  } facts;
  const auto take = [](void* context, const coldload_diagnosis* fact) {
    auto& seen = *static_cast<Facts*>(context);
    ++seen.count;
    const auto empty = [](const char* text) { return text == nullptr || *text == '\0'; };
    if (fact->level > COLDLOAD_DIAGNOSIS_ERROR) seen.fault = fmt::format("a level of {}", fact->level);
    if (empty(fact->fact)) {
      seen.fault = "a fact without words";
    } else if (fact->level != COLDLOAD_DIAGNOSIS_OK && (empty(fact->cause) || empty(fact->fix))) {
      seen.fault = fmt::format("\"{}\" without its cause and what to do about it", fact->fact);
    }
  };
  demand("diagnose()",
         [&](coldload_error* error) { return ops.diagnose(backend->self(), "", take, &facts, error); });
  if (!facts.fault.empty()) broken("diagnose() told {}", facts.fault);
  if (facts.count == 0) broken("diagnose() told nothing");
}

}  // namespace coldload::conformance
