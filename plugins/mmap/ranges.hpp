// In which order the mapping is read, and which blocks a prefetching thread brings in ahead of it.
#pragma once

#include <cstdint>
#include <vector>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/strategy.hpp"

namespace coldload::mmap {

enum class Order { offset, name };

// The ranges in which a job's items are delivered: by offset, or extent by extent sorted by name, as loaders
// go that look tensors up; cut at multiples of `chunk_bytes` from each object's start.
[[nodiscard]] std::vector<sdk::Chunk> make_ranges(const sdk::Job& job, uint64_t chunk_bytes, Order order);

// A block of an object, and the bytes delivered by the time a range first needs it and by the time none does
// any more.
struct Block {
  sdk::Chunk range;
  uint64_t needed_at_bytes = 0;
  uint64_t done_at_bytes = 0;
};

// The blocks that `ranges` need, each once, in the order in which they are needed first.
[[nodiscard]] std::vector<Block> make_blocks(const sdk::Job& job, const std::vector<sdk::Chunk>& ranges,
                                             uint64_t block_bytes);

}  // namespace coldload::mmap
