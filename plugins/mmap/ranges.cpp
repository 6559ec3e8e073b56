#include "ranges.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace coldload::mmap {
namespace {

void cut(uint32_t item, uint64_t offset, uint64_t end, uint64_t chunk_bytes, std::vector<sdk::Chunk>& out) {
  while (offset < end) {
    const uint64_t next = std::min(end, (offset / chunk_bytes + 1) * chunk_bytes);
    out.push_back({item, offset, next - offset});
    offset = next;
  }
}

}  // namespace

std::vector<sdk::Chunk> make_ranges(const sdk::Job& job, uint64_t chunk_bytes, Order order) {
  std::vector<sdk::Chunk> ranges;
  for (uint32_t i = 0; i < job.item_count(); ++i) {
    const coldload_item& item = job.item(i);
    if (order == Order::offset || item.extent_count == 0) {
      cut(i, 0, item.size_bytes, chunk_bytes, ranges);
      continue;
    }
    std::vector<coldload_extent> extents(item.extents, item.extents + item.extent_count);
    // The header's name is "", which comes first.
    std::sort(extents.begin(), extents.end(), [](const coldload_extent& a, const coldload_extent& b) {
      return std::strcmp(a.name, b.name) < 0;
    });
    for (const coldload_extent& extent : extents) {
      cut(i, extent.offset, extent.offset + extent.length, chunk_bytes, ranges);
    }
  }
  return ranges;
}

std::vector<Block> make_blocks(const sdk::Job& job, const std::vector<sdk::Chunk>& ranges,
                               uint64_t block_bytes) {
  constexpr size_t kNotListed = SIZE_MAX;
  const sdk::Chunks grid(job, block_bytes);
  std::vector<size_t> index(grid.count(), kNotListed);
  std::vector<Block> blocks;
  uint64_t delivered_bytes = 0;
  for (const sdk::Chunk& range : ranges) {
    const uint64_t first = grid.first(range.item) + range.offset / block_bytes;
    const uint64_t last = grid.first(range.item) + (range.offset + range.length - 1) / block_bytes;
    for (uint64_t number = first; number <= last; ++number) {
      if (index[number] == kNotListed) {
        index[number] = blocks.size();
        blocks.push_back({grid[number], delivered_bytes, 0});
      }
      blocks[index[number]].done_at_bytes = delivered_bytes + range.length;
    }
    delivered_bytes += range.length;
  }
  return blocks;
}

}  // namespace coldload::mmap
