#include "core/conformance/source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/cpp/posix/file_object.hpp"
#include "coldload/ext/async_read.h"

namespace coldload::conformance {
namespace {

namespace posix = sdk::posix;

class SourceObject : public sdk::Object {
 public:
  SourceObject(std::unique_ptr<sdk::Object> file, SourceState& state)
      : file_(std::move(file)), state_(state) {}

  // Counts a read, and fails it if it is the one.
  void begin_read(uint64_t length) const {
    if (state_.closed) state_.late_reads.fetch_add(1);
    state_.bytes.fetch_add(length);
    const uint64_t number = state_.reads.fetch_add(1);
    if (number == state_.fail_at) throw sdk::Failure(COLDLOAD_IO_ERROR, kReadFault, EIO);
    // Every third takes longer, so that those after it overtake it.
    if (state_.slow) ::usleep(number % 3 == 0 ? 3000 : 200);
  }
  void finish_read(uint64_t offset, void* buffer, uint64_t length) const {
    file_->read_at(offset, buffer, length);
  }
  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    begin_read(length);
    finish_read(offset, buffer, length);
  }

 private:
  std::unique_ptr<sdk::Object> file_;
  SourceState& state_;
};

// Reads land only in wait(), the last submitted first: who delivers a buffer before delivers what was in it.
struct Queue {
  struct Read {
    const SourceObject* object;
    uint64_t offset;
    uint64_t length;
    void* buffer;
    uint64_t tag;
    coldload_status status;
    coldload_error error;
  };
  uint32_t depth = 0;
  std::vector<Read> under_way;
};

coldload_status queue_open(void* /*backend*/, uint32_t depth, void** out, coldload_error* error) {
  return sdk::guarded(error, [&] {
    auto queue = std::make_unique<Queue>();
    queue->depth = depth;
    *out = queue.release();
  });
}

coldload_status submit(void* self, void* object, uint64_t offset, uint64_t length, void* buffer, uint64_t tag,
                       coldload_error* error) {
  return sdk::guarded(error, [&] {
    auto& queue = *static_cast<Queue*>(self);
    if (queue.under_way.size() == queue.depth)
      throw sdk::Failure(COLDLOAD_INTERNAL, "more reads than the queue's depth");
    Queue::Read read{static_cast<const SourceObject*>(static_cast<sdk::Object*>(object)),
                     offset,
                     length,
                     buffer,
                     tag,
                     COLDLOAD_OK,
                     {}};
    read.error.struct_size = sizeof read.error;
    read.status = sdk::guarded(&read.error, [&] { read.object->begin_read(length); });
    queue.under_way.push_back(read);
  });
}

coldload_status wait(void* self, uint32_t min, uint32_t max, coldload_completion* out, uint32_t* out_count,
                     coldload_error* error) {
  return sdk::guarded(error, [&] {
    auto& queue = *static_cast<Queue*>(self);
    *out_count = 0;
    // No more than has to be: the others stay under way.
    const uint32_t wanted = std::min(std::max(min, 1u), max);
    while (*out_count < wanted && !queue.under_way.empty()) {
      Queue::Read read = queue.under_way.back();
      queue.under_way.pop_back();
      if (read.status == COLDLOAD_OK) {
        read.status = sdk::guarded(&read.error,
                                   [&] { read.object->finish_read(read.offset, read.buffer, read.length); });
      }
      coldload_completion& done = out[(*out_count)++];
      done.tag = read.tag;
      done.status = read.status;
      done.error = read.error;
    }
  });
}

void cancel_all(void* self) {
  static_cast<Queue*>(self)->under_way.clear();
}

void queue_close(void* self) {
  delete static_cast<Queue*>(self);
}

constexpr coldload_async_read_ops kAsyncReadOps = {
    sizeof(coldload_async_read_ops), 0, queue_open, submit, wait, cancel_all, queue_close};

}  // namespace

// Only open() and get_extension() are met by a strategy; the kit calls the rest of it.
class Source::Files : public sdk::Backend {
 public:
  Files(const std::filesystem::path& directory, SourceState& state)
      : path_(directory.string()),
        root_(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
        state_(state) {
    if (!root_) throw sdk::os_failure(errno, path_);
  }

  void list(const std::string& /*prefix*/, const sdk::ListCallback& /*callback*/) override {}
  coldload_object_info probe(const std::string& /*prefix*/, uint32_t /*open_flags*/) override {
    return sdk::empty_object_info();
  }
  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override {
    return std::make_unique<SourceObject>(
        posix::open_file(root_.get(), key, path_ + "/" + key, open_flags, info), state_);
  }
  const void* get_extension(std::string_view id) override {
    return id == COLDLOAD_EXT_ASYNC_READ ? &kAsyncReadOps : nullptr;
  }

 private:
  std::string path_;
  posix::Descriptor root_;
  SourceState& state_;
};

// Nobody creates one through its table, so it has no create() to be made by.
const coldload_backend_ops& Source::table() {
  using Table = sdk::detail::BackendTable<Files>;
  static constexpr coldload_backend_ops kOps = {sizeof(coldload_backend_ops),
                                                0,
                                                nullptr,
                                                Table::destroy,
                                                Table::list,
                                                Table::probe,
                                                Table::open,
                                                Table::close,
                                                Table::read_at,
                                                Table::evict,
                                                Table::residency,
                                                Table::get_extension};
  return kOps;
}

Source::Source(const std::filesystem::path& directory, std::span<const SampleFile> files, uint32_t open_flags,
               SourceState& state)
    : files_(std::make_unique<Files>(directory, state)), infos_(files.size(), sdk::empty_object_info()) {
  const coldload_backend_ops& ops = table();
  keys_.reserve(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    keys_.emplace_back(files[i].name);
    void* self = nullptr;
    sdk::checked([&](coldload_error* error) {
      return ops.open(static_cast<sdk::Backend*>(files_.get()), keys_[i].c_str(), open_flags, &self,
                      &infos_[i], error);
    });
    objects_.push_back({&ops, static_cast<sdk::Backend*>(files_.get()), self, &infos_[i], keys_[i].c_str()});
  }
}

Source::~Source() {
  for (const coldload_object& object : objects_) object.ops->close(object.backend, object.self);
}

uint32_t Source::capabilities() const {
  uint32_t common = ~0u;
  for (const coldload_object_info& info : infos_) common &= info.capabilities;
  return common;
}

uint32_t Source::alignment_bytes() const {
  uint32_t most = 1;
  for (const coldload_object_info& info : infos_) {
    most = std::max({most, info.memory_alignment_bytes, info.offset_alignment_bytes});
  }
  return most;
}

bool Source::offers(const char* extension) const {
  return files_->get_extension(extension) != nullptr;
}

}  // namespace coldload::conformance
