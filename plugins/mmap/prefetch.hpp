// Threads that read ahead of a mapping, so that its pages are in the page cache when they are needed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "coldload/cpp/host.hpp"
#include "coldload/cpp/threads.hpp"
#include "ranges.hpp"

namespace coldload::mmap {

// Blocks are taken in the order in which they will be needed, at most `window_bytes` ahead of what is
// delivered; one that is behind already is passed over. The readers of the mapping never wait for it.
class Prefetch {
 public:
  Prefetch(const sdk::Job& job, const sdk::Host& host, std::vector<Block> blocks, uint64_t window_bytes)
      : job_(job), host_(host), blocks_(std::move(blocks)), window_bytes_(window_bytes) {}

  // The body of one prefetching thread; ends when no block is left, or on `stop`.
  void run(const sdk::StopFlag& stop);
  // Told by the threads that deliver.
  void advance(uint64_t length);

  [[nodiscard]] uint64_t bytes_read() const { return bytes_read_.load(); }

 private:
  [[nodiscard]] bool wait_until_useful(const Block& block, const sdk::StopFlag& stop);
  void read(const sdk::Chunk& range, std::vector<char>& scratch, const sdk::StopFlag& stop);

  sdk::Job job_;
  sdk::Host host_;
  std::vector<Block> blocks_;
  uint64_t window_bytes_;
  std::atomic<uint64_t> next_block_{0};
  std::atomic<uint64_t> bytes_read_{0};
  std::mutex mutex_;
  std::condition_variable advanced_;
  uint64_t delivered_bytes_ = 0;
};

}  // namespace coldload::mmap
