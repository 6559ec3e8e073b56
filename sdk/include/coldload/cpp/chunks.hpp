// Cuts a job's items into chunks: at multiples of the chunk size from each object's start, so that every
// offset is aligned and only the last chunk of an object has an odd length. An empty object has no chunk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/strategy.hpp"

namespace coldload::sdk {

struct Chunk {
  uint32_t item = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// Where buffers and offsets are aligned without knowing the object: direct I/O needs no more anywhere it is
// offered.
inline constexpr uint64_t kPageBytes = COLDLOAD_BUFFER_PAGE_BYTES;

[[nodiscard]] constexpr uint64_t round_up(uint64_t value, uint64_t multiple) noexcept {
  return (value + multiple - 1) / multiple * multiple;
}

// Throws COLDLOAD_INVALID_OPTION unless `bytes` can be a chunk size: a multiple of the page.
inline uint64_t checked_chunk_bytes(const char* option, uint64_t bytes) {
  if (bytes == 0 || bytes % kPageBytes != 0) {
    throw Failure(COLDLOAD_INVALID_OPTION, std::string(option) + " is " + std::to_string(bytes) +
                                               " bytes: expected a multiple of 4 KiB, where direct reads "
                                               "and pages are aligned");
  }
  return bytes;
}

// The longest range that is acquired where chunks of `chunk_bytes` are cut: less than that if every item is
// smaller.
[[nodiscard]] inline uint64_t buffer_bytes_for(uint64_t chunk_bytes,
                                               const coldload_model_size& model) noexcept {
  return std::min(chunk_bytes, std::max(round_up(model.largest_item_bytes, kPageBytes), kPageBytes));
}

// The chunks of all items, numbered in item and offset order, so that threads can share them through one
// counter. Immutable once made.
class Chunks {
 public:
  Chunks(const Job& job, uint64_t chunk_bytes) : chunk_bytes_(chunk_bytes) {
    first_.reserve(size_t{job.item_count()} + 1);
    first_.push_back(0);
    for (uint32_t i = 0; i < job.item_count(); ++i) {
      sizes_.push_back(job.item(i).size_bytes);
      first_.push_back(first_.back() + round_up(sizes_.back(), chunk_bytes) / chunk_bytes);
    }
  }

  [[nodiscard]] uint64_t count() const noexcept { return first_.back(); }
  // The numbers of an item's chunks: [first(item), first(item + 1)).
  [[nodiscard]] uint64_t first(uint32_t item) const noexcept { return first_[item]; }

  [[nodiscard]] Chunk operator[](uint64_t number) const noexcept {
    const auto after = std::upper_bound(first_.begin(), first_.end(), number);
    const auto item = static_cast<uint32_t>(after - first_.begin() - 1);
    const uint64_t offset = (number - first_[item]) * chunk_bytes_;
    return {item, offset, std::min(chunk_bytes_, sizes_[item] - offset)};
  }

 private:
  uint64_t chunk_bytes_;
  std::vector<uint64_t> first_;
  std::vector<uint64_t> sizes_;
};

}  // namespace coldload::sdk
