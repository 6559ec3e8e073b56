#include "ranges.hpp"

#include <algorithm>

namespace coldload::staged {

Ranges::Ranges(const std::vector<uint64_t>& sizes, uint64_t chunk_bytes) : chunk_bytes_(chunk_bytes) {
  for (const uint64_t size : sizes) {
    files_.push_back({size, 0, 0});
    count_ += size / chunk_bytes + (size % chunk_bytes != 0 ? 1 : 0);
  }
}

bool Ranges::next(Range& range) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (range.length != 0) --files_[range.file].at_work;
  range = {};
  const auto better = [](const File& one, const File& other) {
    const bool left = one.given_bytes < one.size_bytes;
    if (left != (other.given_bytes < other.size_bytes)) return left;
    return one.at_work < other.at_work;
  };
  const auto best = std::min_element(files_.begin(), files_.end(), better);
  if (best == files_.end() || best->given_bytes == best->size_bytes) return false;
  range = {static_cast<size_t>(best - files_.begin()), best->given_bytes,
           std::min(chunk_bytes_, best->size_bytes - best->given_bytes)};
  best->given_bytes += range.length;
  ++best->at_work;
  return true;
}

}  // namespace coldload::staged
