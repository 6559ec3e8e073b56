// Which bytes a copy moves next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace coldload::staged {

// Bytes of one file.
struct Range {
  size_t file = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// The bytes of files, cut into ranges and given out, each once. A file's come in order. Several threads get
// ranges of different files while there are such: a kernel lets one thread at a time write into a file.
class Ranges {
 public:
  // `sizes` and `chunk_bytes` in bytes; no range is longer than that.
  Ranges(const std::vector<uint64_t>& sizes, uint64_t chunk_bytes);

  // How many there are in all.
  [[nodiscard]] size_t count() const { return count_; }
  // The next, of the file that the fewest are at work on; false: all are given out. `range` is the one that
  // this thread had before and is done with, or empty.
  bool next(Range& range);

 private:
  struct File {
    uint64_t size_bytes = 0;
    uint64_t given_bytes = 0;
    uint32_t at_work = 0;
  };
  uint64_t chunk_bytes_;
  size_t count_ = 0;
  std::mutex mutex_;
  std::vector<File> files_;
};

}  // namespace coldload::staged
