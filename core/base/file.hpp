// Small files and descriptors. Model data never passes through here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace coldload {

// Owns a descriptor; closed on destruction. Moved-from and default: -1.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int release();
  void reset();

 private:
  int fd_ = -1;
};

// Whole content of a regular file, pipe or /proc entry of at most `bytes_max` bytes. A directory or device
// node is refused by name; "-" is standard input. [any-thread]
[[nodiscard]] Result<std::string> read_small_file(const std::filesystem::path& path, uint64_t bytes_max);

// Writes beside it, fsyncs, renames over: a reader sees the old or the new content, never half. [any-thread]
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content);

// All of `content` to `fd`, through short writes and EINTR. [any-thread]
[[nodiscard]] Result<void> write_all(int fd, std::string_view content);

// CLOCK_MONOTONIC, nanoseconds. [any-thread]
[[nodiscard]] uint64_t now_ns();

}  // namespace coldload
