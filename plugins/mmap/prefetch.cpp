#include "prefetch.hpp"

#include <algorithm>
#include <chrono>

#include "coldload/cpp/posix/read.hpp"

namespace coldload::mmap {
namespace {

// What is read is thrown away at once: a scratch that stays in the processor's cache is the cheapest.
constexpr uint64_t kScratchBytes = uint64_t{1} << 20;

}  // namespace

void Prefetch::run(const sdk::StopFlag& stop) {
  std::vector<char> scratch(kScratchBytes);
  for (;;) {
    const uint64_t number = next_block_.fetch_add(1, std::memory_order_relaxed);
    if (number >= blocks_.size() || stop.stopped()) return;
    if (wait_until_useful(blocks_[number], stop)) read(blocks_[number].range, scratch, stop);
  }
}

void Prefetch::advance(uint64_t length) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    delivered_bytes_ += length;
  }
  advanced_.notify_all();
}

// False for a block that is not worth reading any more.
bool Prefetch::wait_until_useful(const Block& block, const sdk::StopFlag& stop) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop.stopped() && block.needed_at_bytes > delivered_bytes_ + window_bytes_) {
    host_.throw_if_cancelled();
    advanced_.wait_for(lock, std::chrono::milliseconds(20));
  }
  return !stop.stopped() && block.done_at_bytes > delivered_bytes_;
}

void Prefetch::read(const sdk::Chunk& range, std::vector<char>& scratch, const sdk::StopFlag& stop) {
  const coldload_object_info& info = job_.info(range.item);
  for (uint64_t done = 0; done < range.length && !stop.stopped();) {
    host_.throw_if_cancelled();
    const uint64_t length = std::min(kScratchBytes, range.length - done);
    const auto result = sdk::posix::read_exact(info.fd, range.offset + done, scratch.data(), length);
    if (result.os_error != 0) {
      throw sdk::os_failure(result.os_error, std::string(job_.object(range.item).key) + ": prefetching " +
                                                 std::to_string(length) + " bytes at " +
                                                 std::to_string(range.offset + done));
    }
    // The file ends early: the mapping is what reports it.
    if (result.bytes_read < length) return;
    done += length;
    bytes_read_.fetch_add(length, std::memory_order_relaxed);
  }
}

}  // namespace coldload::mmap
