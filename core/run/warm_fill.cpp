#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "coldload/cpp/posix/read.hpp"
#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/run/memory.hpp"
#include "core/run/warm.hpp"

namespace coldload {
namespace {

constexpr uint64_t kStepBytes = limits::kMiB;
// Long enough for the device's read-ahead, short enough that several threads stay near the front.
constexpr uint64_t kRangeBytes = 16 * limits::kMiB;
constexpr int kProgressMs = 100;
constexpr uint64_t kLeaveAfterNs = 60'000'000;

struct Range {
  size_t shard = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// What the threads share. Each holds it, so that one which hangs in the kernel outlives the call safely.
class Fill {
 public:
  Fill(std::vector<WarmShard> shards, const WarmOptions& options)
      : shards_(std::move(shards)),
        limit_(options.limit_bytes_per_second),
        ended_(::eventfd(0, EFD_CLOEXEC)),
        began_ns_(now_ns()) {}

  // The body of a thread that begin() was called for.
  void work() {
    if (auto read = read_ranges(); !read) stop(read.error());
    end();
  }
  void begin() {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    if (--running_ != 0) return;
    const uint64_t one = 1;
    static_cast<void>(::write(ended_.get(), &one, sizeof one) == sizeof one);
  }

  void stop(std::optional<Error> why) {
    {
      const std::lock_guard lock(mutex_);
      if (!stopping_) why_ = std::move(why);
      stopping_ = true;
    }
    changed_.notify_all();
  }

  // Readable when no thread runs any more.
  [[nodiscard]] int ended_fd() const { return ended_.get(); }
  [[nodiscard]] uint64_t done_bytes() {
    const std::lock_guard lock(mutex_);
    return done_bytes_;
  }
  [[nodiscard]] uint64_t began_ns() const { return began_ns_; }
  [[nodiscard]] std::optional<Error> failure() {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  std::optional<Range> next_range() {
    const std::lock_guard lock(mutex_);
    while (!stopping_ && shard_ < shards_.size()) {
      const WarmShard& shard = shards_[shard_];
      if (shard.choice == WarmChoice::fits && offset_ < shard.size_bytes) {
        const Range range{shard_, offset_, std::min(kRangeBytes, shard.size_bytes - offset_)};
        offset_ += range.length;
        return range;
      }
      ++shard_;
      offset_ = 0;
    }
    return std::nullopt;
  }

  Result<void> read_ranges() {
    const auto buffer = Memory::map(kStepBytes);
    if (!buffer) return pass(buffer);
    Descriptor file;
    size_t opened = shards_.size();
    while (const auto range = next_range()) {
      const fs_path& path = shards_[range->shard].path;
      if (opened != range->shard) {
        file = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file.valid()) return fail_errno(errno, path.string());
        opened = range->shard;
      }
      auto read = read_range(file.get(), *range, *buffer);
      if (!read) return read;
    }
    return {};
  }

  Result<void> read_range(int fd, const Range& range, const Memory& buffer) {
    for (uint64_t at = 0; at < range.length; at += kStepBytes) {
      const uint64_t length = std::min(kStepBytes, range.length - at);
      const uint64_t due_ns = claim(length);
      const auto got = sdk::posix::read_exact(fd, range.offset + at, buffer.data(), length);
      const std::string path = shards_[range.shard].path.string();
      if (got.os_error != 0) return fail_errno(got.os_error, path);
      if (got.bytes_read < length) {
        return fail(Status::io_error,
                    fmt::format("{}: ends at byte {}, it had {} when it was opened", path,
                                range.offset + at + got.bytes_read, shards_[range.shard].size_bytes));
      }
      if (!wait_until(due_ns, length)) return {};
    }
    return {};
  }

  // When `length` more bytes are paid for: the limit holds for a short fill too, since who reads waits after.
  uint64_t claim(uint64_t length) {
    if (!limit_) return 0;
    const std::lock_guard lock(mutex_);
    claimed_bytes_ += length;
    const double seconds = static_cast<double>(claimed_bytes_) / static_cast<double>(*limit_);
    return began_ns_ + static_cast<uint64_t>(seconds * 1e9);
  }

  // Counts what was read and waits for its time; false once somebody said stop.
  bool wait_until(uint64_t due_ns, uint64_t read_bytes) {
    std::unique_lock lock(mutex_);
    done_bytes_ += read_bytes;
    for (uint64_t now = now_ns(); !stopping_ && now < due_ns; now = now_ns()) {
      changed_.wait_for(lock, std::chrono::nanoseconds(due_ns - now));
    }
    return !stopping_;
  }

  using fs_path = std::filesystem::path;
  const std::vector<WarmShard> shards_;
  const std::optional<uint64_t> limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t shard_ = 0;
  uint64_t offset_ = 0;
  uint64_t done_bytes_ = 0;
  uint64_t claimed_bytes_ = 0;
  bool stopping_ = false;
  std::optional<Error> why_;
  uint32_t running_ = 1;  // threads, and whoever still starts them
  Descriptor ended_;
  uint64_t began_ns_;
};

std::vector<std::thread> start_threads(const std::shared_ptr<Fill>& fill, uint32_t count) {
  std::vector<std::thread> threads;
  try {
    for (uint32_t i = 0; i < count; ++i) {
      fill->begin();
      threads.emplace_back([fill] { fill->work(); });
    }
  } catch (const std::system_error& refused) {
    fill->end();
    fill->stop(Error{Status::out_of_memory,
                     fmt::format("thread {} of {}: {}", threads.size() + 1, count, refused.what())});
  }
  fill->end();
  return threads;
}

bool readable(int fd, int timeout_ms) {
  pollfd waited{fd, POLLIN, 0};
  return ::poll(&waited, 1, timeout_ms) == 1;
}

// True once all threads have ended, false when stop_fd came first.
bool wait_for_end(Fill& fill, int stop_fd, const std::function<void(uint64_t)>& progress) {
  while (true) {
    pollfd waited[2] = {{fill.ended_fd(), POLLIN, 0}, {stop_fd, POLLIN, 0}};
    if (::poll(waited, 2, kProgressMs) < 0 && errno != EINTR) return false;
    if (waited[0].revents != 0) return true;
    if (waited[1].revents != 0) return false;
    progress(fill.done_bytes());
  }
}

}  // namespace

Result<WarmFill> fill_page_cache(const std::vector<WarmShard>& shards, const WarmOptions& options,
                                 const std::function<void(uint64_t done_bytes)>& progress) {
  const auto fill = std::make_shared<Fill>(shards, options);
  std::vector<std::thread> threads = start_threads(fill, options.threads);
  WarmFill done;
  done.stopped = !wait_for_end(*fill, options.stop_fd, progress);
  bool left_behind = false;
  if (done.stopped) {
    fill->stop(std::nullopt);
    left_behind = !readable(fill->ended_fd(), static_cast<int>(kLeaveAfterNs / 1'000'000));
  }
  for (std::thread& thread : threads) {
    if (left_behind) {
      thread.detach();
    } else {
      thread.join();
    }
  }
  done.elapsed_ns = now_ns() - fill->began_ns();
  done.read_bytes = fill->done_bytes();
  if (const auto failure = fill->failure()) return std::unexpected(*failure);
  return done;
}

}  // namespace coldload
