#include "core/conformance/sink.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/conformance/contract.hpp"
#include "core/conformance/self.hpp"
#include "core/run/memory.hpp"

namespace coldload::conformance {
namespace {

using limits::kPageBytes;

constexpr auto kMark = std::byte{0xC5};
constexpr auto kNotReadYet = std::byte{0xEE};  // Neither zeros nor, but by chance, a sample's byte.

// Without a buffer coming back, a strategy waits for itself.
constexpr uint64_t kStarvedNs = 5'000'000'000;

Sink& sink_of(const coldload_job* job) {
  return *static_cast<Sink*>(job->host_data);
}

coldload_status failed(coldload_error* error, coldload_status status, const std::string& message) {
  if (error != nullptr) std::snprintf(error->message, sizeof error->message, "%s", message.c_str());
  return status;
}

// A header and three tensors whose names sort backwards, cut at odd places.
std::vector<coldload_extent> extents_of(uint64_t size) {
  static constexpr const char* kNames[] = {"", "z.weight", "m.weight", "a.weight"};
  const uint64_t header = std::min<uint64_t>(size, 75);
  const uint64_t cuts[] = {0, header, header + (size - header) / 3, header + (size - header) / 2, size};
  std::vector<coldload_extent> extents;
  for (size_t part = 0; part < 4; ++part) {
    if (cuts[part] < cuts[part + 1])
      extents.push_back({kNames[part], cuts[part], cuts[part + 1] - cuts[part]});
  }
  return extents;
}

void raise_to(std::atomic<uint64_t>& maximum, uint64_t value) {
  uint64_t seen = maximum;
  while (value > seen && !maximum.compare_exchange_weak(seen, value)) {
  }
}

}  // namespace

Sink::Sink(const SinkSettings& settings, const coldload_requirements& needs, const Source& source,
           KitHost& host)
    : settings_(settings),
      needs_(needs),
      host_(host),
      alignment_bytes_(std::max(source.alignment_bytes(), needs.memory_alignment_bytes)) {
  for (size_t i = 0; i < settings_.files.size(); ++i) {
    const SampleFile& file = settings_.files[i];
    contents_.push_back(file.zeros ? std::string() : content_of(file));
    coverage_.push_back(std::make_unique<Coverage>(file.size_bytes));
    extents_.push_back(extents_of(file.size_bytes));
    items_.push_back({&source.objects()[i], file.size_bytes, static_cast<uint32_t>(extents_.back().size()), 0,
                      extents_.back().data()});
  }
  if (needs_.buffer_bytes != 0) make_pool(needs_.buffers_in_flight * settings_.buffer_factor);
  job_.struct_size = sizeof job_;
  job_.item_count = static_cast<uint32_t>(items_.size());
  job_.items = items_.data();
  job_.regions = &region_;
  job_.region_count = region_.data == nullptr ? 0 : 1;
  job_.host_data = this;
  job_.acquire = [](const coldload_job* job, uint32_t item, uint64_t offset, uint64_t length,
                    coldload_buffer* out,
                    coldload_error* error) { return sink_of(job).acquire(item, offset, length, out, error); };
  job_.deliver = [](const coldload_job* job, const coldload_buffer* buffer, coldload_error* error) {
    return sink_of(job).deliver(*buffer, error);
  };
  job_.deliver_mapped = [](const coldload_job* job, uint32_t item, uint64_t offset, uint64_t length,
                           const void* data, coldload_error* error) {
    return sink_of(job).take(item, offset, length, data, error);
  };
}

Sink::~Sink() {
  if (region_.data != nullptr) ::munmap(region_.data, region_.length_bytes);
}

// A slot: a page of marks, room for any offset in a page and the longest range rounded up, a page of marks.
void Sink::make_pool(uint32_t count) {
  slot_bytes_ = round_up(needs_.buffer_bytes, kPageBytes) + 4 * kPageBytes;
  region_.length_bytes = slot_bytes_ * count;
  if (region_.length_bytes > limits::kRegionBytesMax) {
    broken("it asks for {} buffers of {} bytes for a model of {} bytes", count, needs_.buffer_bytes,
           settings_.files.back().size_bytes);
  }
  void* map =
      ::mmap(nullptr, region_.length_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) throw std::bad_alloc();
  region_.data = map;
  slots_.resize(count);
}

std::byte* Sink::slot_at(size_t index) const {
  return static_cast<std::byte*>(region_.data) + index * slot_bytes_;
}

bool Sink::is_inside(uint32_t item, uint64_t offset, uint64_t length) const {
  return item < items_.size() && length > 0 && offset <= items_[item].size_bytes &&
         length <= items_[item].size_bytes - offset;
}

void Sink::look_at_request(uint32_t item, uint64_t offset, uint64_t length) {
  raise_to(longest_range_, length);
  if (length > needs_.buffer_bytes) {
    complain(Fault::requirements,
             fmt::format("it acquired {} bytes of item {}, and requirements() says {} at most", length, item,
                         needs_.buffer_bytes));
  } else if (offset % needs_.buffer_bytes != 0) {
    complain(Fault::requirements,
             fmt::format("it acquired from byte {} of item {}: chunks are cut at multiples of its "
                         "buffer_bytes, {}",
                         offset, item, needs_.buffer_bytes));
  }
}

coldload_status Sink::acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer* out,
                              coldload_error* error) {
  const uint64_t number = acquisitions_.fetch_add(1);
  if (closed_) complain(Fault::late, "it acquired a buffer outside load()");
  if (number == settings_.fail_acquire_at) return failed(error, COLDLOAD_INTERNAL, kSinkFault);
  if (!is_inside(item, offset, length) || region_.data == nullptr || out->struct_size < sizeof *out) {
    const std::string what =
        fmt::format("it acquired bytes {}+{} of item {}, which is none of its ranges", offset, length, item);
    complain(Fault::buffers, what);
    return failed(error, COLDLOAD_INTERNAL, what);
  }
  look_at_request(item, offset, length);
  std::unique_lock lock(mutex_);
  threads_.insert(::gettid());
  const uint64_t began_ns = now_ns();
  auto slot = slots_.end();
  while ((slot = std::ranges::find(slots_, false, &Slot::out)) == slots_.end()) {
    if (host_.cancelled()) return failed(error, COLDLOAD_CANCELLED, "the run was stopped");
    freed_.wait_for(lock, std::chrono::milliseconds(10));
    if (now_ns() - began_ns < kStarvedNs) continue;
    lock.unlock();
    complain(Fault::requirements,
             fmt::format("it holds the {} buffers that requirements() asked for and waits for one more",
                         slots_.size()));
    return failed(error, COLDLOAD_INTERNAL, "no buffer came back");
  }
  if (host_.cancelled()) return failed(error, COLDLOAD_CANCELLED, "the run was stopped");
  const auto index = static_cast<size_t>(slot - slots_.begin());
  std::byte* data = slot_at(index) + kPageBytes + offset % kPageBytes;
  const uint64_t capacity = round_up(length, alignment_bytes_);
  std::fill(slot_at(index), data, kMark);
  std::fill(data, data + capacity, kNotReadYet);
  std::fill(data + capacity, std::min(data + capacity + kPageBytes, slot_at(index) + slot_bytes_), kMark);
  slot->out = true;
  slot->given = {sizeof(coldload_buffer), 0, data, capacity, item, 0, offset, length, index, now_ns()};
  *out = slot->given;
  return COLDLOAD_OK;
}

void Sink::look_at_marks(const Slot& slot) {
  const auto* data = static_cast<const std::byte*>(slot.given.data);
  const std::byte* begin = slot_at(slot.given.token);
  const std::byte* past = data + slot.given.capacity_bytes;
  const std::byte* end = std::min(past + kPageBytes, begin + slot_bytes_);
  const auto is_gone = [](std::byte byte) { return byte != kMark; };
  if (std::any_of(begin, data, is_gone) || std::any_of(past, end, is_gone)) {
    complain(Fault::buffers,
             fmt::format("it wrote beside a buffer: of {} bytes, rounded up {}, for byte {} of item {}",
                         slot.given.length, slot.given.capacity_bytes, slot.given.offset, slot.given.item));
  }
}

coldload_status Sink::deliver(const coldload_buffer& buffer, coldload_error* error) {
  Slot slot;
  {
    const std::lock_guard lock(mutex_);
    threads_.insert(::gettid());
    const bool known = buffer.token < slots_.size() && slots_[buffer.token].out;
    if (known) slot = slots_[buffer.token];
  }
  if (!slot.out) {
    complain(Fault::buffers, "it delivered a buffer that it did not hold: twice, or never acquired");
    return failed(error, COLDLOAD_INTERNAL, "this buffer is not held");
  }
  if (buffer.item != slot.given.item || buffer.offset != slot.given.offset ||
      buffer.length != slot.given.length) {
    complain(Fault::buffers,
             fmt::format("it delivered bytes {}+{} of item {} in a buffer acquired for {}+{} of item {}",
                         buffer.offset, buffer.length, buffer.item, slot.given.offset, slot.given.length,
                         slot.given.item));
  }
  look_at_marks(slot);
  const coldload_status status =
      take(slot.given.item, slot.given.offset, slot.given.length, slot.given.data, error);
  const std::lock_guard lock(mutex_);
  slots_[slot.given.token].out = false;
  freed_.notify_one();
  return status;
}

void Sink::look_at_bytes(uint32_t item, uint64_t offset, uint64_t length, const void* data) {
  const auto* bytes = static_cast<const char*>(data);
  const std::string& content = contents_[item];
  const bool right = content.empty()
                         ? std::all_of(bytes, bytes + length, [](char byte) { return byte == '\0'; })
                         : std::memcmp(bytes, content.data() + offset, length) == 0;
  if (right) return;
  const bool unread =
      std::any_of(bytes, bytes + length, [](char byte) { return byte == static_cast<char>(kNotReadYet); });
  complain(Fault::bytes,
           fmt::format("{}: the {} bytes at {} are not those of the file{}", settings_.files[item].name,
                       length, offset, unread ? ": some had not landed yet" : ""));
}

coldload_status Sink::take(uint32_t item, uint64_t offset, uint64_t length, const void* data,
                           coldload_error* error) {
  const uint64_t number = deliveries_.fetch_add(1);
  {
    const std::lock_guard lock(mutex_);
    threads_.insert(::gettid());
  }
  if (closed_) complain(Fault::late, "it delivered outside load()");
  if (settings_.delivery_pause_us != 0) ::usleep(static_cast<useconds_t>(settings_.delivery_pause_us));
  if (number == settings_.cancel_at) {
    cancelled_ns_ = now_ns();
    host_.cancel();
  }
  if (number == settings_.fail_deliver_at) return failed(error, COLDLOAD_INTEGRITY, kSinkFault);
  if (!is_inside(item, offset, length)) {
    const std::string what =
        fmt::format("it delivered bytes {}+{} of item {}, which has fewer", offset, length, item);
    complain(Fault::coverage, what);
    return failed(error, COLDLOAD_INTERNAL, what);
  }
  look_at_bytes(item, offset, length, data);
  if (auto covered = coverage_[item]->add(offset, length); !covered) {
    complain(Fault::coverage, fmt::format("{}: {}", settings_.files[item].name, covered.error().message));
  }
  if (settings_.measure_memory) raise_to(anonymous_bytes_max_, conformance::anonymous_bytes());
  return COLDLOAD_OK;
}

void Sink::complain(Fault kind, std::string text) {
  const std::lock_guard lock(mutex_);
  faults_.emplace(kind, std::move(text));
}

std::string Sink::fault(Fault kind) const {
  const std::lock_guard lock(mutex_);
  const auto found = faults_.find(kind);
  return found == faults_.end() ? "" : found->second;
}

std::string Sink::gap() const {
  for (size_t i = 0; i < coverage_.size(); ++i) {
    if (const auto missing = coverage_[i]->first_gap()) {
      return fmt::format("{}: {} never came", settings_.files[i].name, *missing);
    }
  }
  return {};
}

size_t Sink::outstanding() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::ranges::count(slots_, true, &Slot::out));
}

size_t Sink::delivering_threads() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

bool Sink::anything_arrives() const {
  if (region_.data == nullptr) return false;
  auto* bytes = static_cast<std::byte*>(region_.data);
  constexpr auto kLast = std::byte{0xDD};
  std::fill(bytes, bytes + region_.length_bytes, kLast);
  ::usleep(100'000);
  return std::any_of(bytes, bytes + region_.length_bytes, [](std::byte byte) { return byte != kLast; });
}

}  // namespace coldload::conformance
