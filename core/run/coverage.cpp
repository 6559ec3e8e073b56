#include "core/run/coverage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace coldload {

Result<void> Coverage::add(uint64_t offset, uint64_t length) {
  if (length > size_bytes_ || offset > size_bytes_ - length) {
    return fail(Status::internal, fmt::format("bytes {}+{} were delivered of an object of {} bytes", offset,
                                              length, size_bytes_));
  }
  if (length == 0) return {};
  uint64_t begin = offset;
  uint64_t end = offset + length;
  const std::lock_guard lock(mutex_);
  auto next = ranges_.upper_bound(offset);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second > offset) {
      return fail(Status::internal,
                  fmt::format("bytes {}-{} were delivered twice", offset, std::min(before->second, end) - 1));
    }
    // In order is the usual way: one range that grows.
    if (before->second == offset) {
      if (next != ranges_.end() && next->first < end) {
        return fail(Status::internal, fmt::format("bytes {}-{} were delivered twice", next->first, end - 1));
      }
      before->second = end;
      if (next != ranges_.end() && next->first == end) {
        before->second = next->second;
        ranges_.erase(next);
      }
      covered_bytes_ += length;
      return {};
    }
  }
  if (next != ranges_.end()) {
    if (next->first < end) {
      return fail(Status::internal, fmt::format("bytes {}-{} were delivered twice", next->first, end - 1));
    }
    if (next->first == end) {
      end = next->second;
      ranges_.erase(next);
    }
  }
  ranges_.emplace(begin, end);
  covered_bytes_ += length;
  return {};
}

std::optional<std::string> Coverage::first_gap() const {
  const std::lock_guard lock(mutex_);
  if (covered_bytes_ == size_bytes_) return std::nullopt;
  const auto first = ranges_.begin();
  const bool from_start = first == ranges_.end() || first->first > 0;
  const uint64_t begin = from_start ? 0 : first->second;
  const auto after = ranges_.upper_bound(begin);
  const uint64_t end = after == ranges_.end() ? size_bytes_ : after->first;
  return fmt::format("bytes {}-{}", begin, end - 1);
}

uint64_t Coverage::covered_bytes() const {
  const std::lock_guard lock(mutex_);
  return covered_bytes_;
}

}  // namespace coldload
