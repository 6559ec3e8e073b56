#include "core/model/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

Digest xxh3_128(const void* data, size_t length) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, length));
  Digest digest;
  static_assert(sizeof canonical.digest == sizeof digest.bytes);
  std::memcpy(digest.bytes.data(), canonical.digest, digest.bytes.size());
  return digest;
}

std::unexpected<Error> overlap(uint64_t begin, uint64_t end) {
  return fail(Status::integrity,
              fmt::format("bytes {}-{} overlap bytes that were delivered before", begin, end - 1));
}

int nibble(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

}  // namespace

std::string Digest::hex() const {
  std::string text;
  text.reserve(32);
  for (const uint8_t byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

Result<Digest> Digest::parse(std::string_view hex) {
  Digest digest;
  bool valid = hex.size() == 2 * digest.bytes.size();
  for (size_t i = 0; valid && i < digest.bytes.size(); ++i) {
    const int high = nibble(hex[2 * i]);
    const int low = nibble(hex[2 * i + 1]);
    valid = high >= 0 && low >= 0;
    if (valid) digest.bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  if (!valid) {
    return fail(Status::invalid_option,
                fmt::format("\"{}\" is not a digest: expected 32 lower-case hexadecimal digits", hex));
  }
  return digest;
}

// Bytes of one block, and which of them came: begin -> end, relative to the block, neither touching nor
// overlapping.
struct RangeDigest::IncompleteBlock {
  std::unique_ptr<std::byte[]> bytes;  // not zeroed: every byte is written before it is hashed
  std::map<uint64_t, uint64_t> covered;
};

struct RangeDigest::Stripe {
  std::mutex mutex;
  std::unordered_map<uint64_t, IncompleteBlock> blocks;
};

RangeDigest::RangeDigest(uint64_t size_bytes)
    : size_bytes_(size_bytes),
      block_count_(size_bytes / kBlockBytes + (size_bytes % kBlockBytes == 0 ? 0 : 1)),
      block_digests_(block_count_),
      states_(std::make_unique<std::atomic<BlockState>[]>(block_count_)),
      stripes_(std::make_unique<Stripe[]>(kStripes)) {}

RangeDigest::~RangeDigest() = default;

uint64_t RangeDigest::block_length(uint64_t block) const {
  return std::min(kBlockBytes, size_bytes_ - block * kBlockBytes);
}

Result<void> RangeDigest::add(uint64_t offset, std::span<const std::byte> data) {
  if (offset > size_bytes_ || data.size() > size_bytes_ - offset) {
    return fail(Status::integrity, fmt::format("{} bytes at {} reach past the object's end at {}",
                                               data.size(), offset, size_bytes_));
  }
  while (!data.empty()) {
    const uint64_t block = offset / kBlockBytes;
    const uint64_t begin = offset % kBlockBytes;
    const uint64_t length = std::min<uint64_t>(block_length(block) - begin, data.size());
    const auto part = data.first(length);
    auto added = length == block_length(block) ? add_whole(block, part) : add_part(block, begin, part);
    if (!added) return added;
    offset += length;
    data = data.subspan(length);
  }
  return {};
}

Result<void> RangeDigest::add_whole(uint64_t block, std::span<const std::byte> data) {
  auto expected = BlockState::untouched;
  // Taken before it is hashed, so that a second delivery of the block at the same time is seen as one.
  if (!states_[block].compare_exchange_strong(expected, BlockState::taken, std::memory_order_relaxed)) {
    return overlap(block * kBlockBytes, block * kBlockBytes + data.size());
  }
  block_digests_[block] = xxh3_128(data.data(), data.size());
  return {};
}

Result<void> RangeDigest::add_part(uint64_t block, uint64_t begin, std::span<const std::byte> data) {
  const uint64_t end = begin + data.size();
  const uint64_t block_offset = block * kBlockBytes;
  Stripe& stripe = stripes_[block % kStripes];
  std::unique_lock lock(stripe.mutex);
  auto expected = BlockState::untouched;
  if (states_[block].compare_exchange_strong(expected, BlockState::incomplete, std::memory_order_relaxed)) {
    if (incomplete_count_.fetch_add(1, std::memory_order_relaxed) >= limits::kDigestBlocksIncompleteMax) {
      return fail(
          Status::out_of_memory,
          fmt::format("more than {} blocks of 64 KiB wait for the rest of their bytes: deliver larger "
                      "ranges, or ranges nearer to each other",
                      limits::kDigestBlocksIncompleteMax));
    }
    stripe.blocks[block].bytes = std::make_unique_for_overwrite<std::byte[]>(block_length(block));
  } else if (expected == BlockState::taken) {
    return overlap(block_offset + begin, block_offset + end);
  }

  IncompleteBlock& incomplete = stripe.blocks[block];
  auto& covered = incomplete.covered;
  auto next = covered.lower_bound(begin);
  if (next != covered.end() && next->first < end) return overlap(block_offset + begin, block_offset + end);
  if (next != covered.begin() && std::prev(next)->second > begin) {
    return overlap(block_offset + begin, block_offset + end);
  }
  std::memcpy(incomplete.bytes.get() + begin, data.data(), data.size());
  uint64_t merged_begin = begin;
  uint64_t merged_end = end;
  if (next != covered.end() && next->first == end) {
    merged_end = next->second;
    next = covered.erase(next);
  }
  if (next != covered.begin() && std::prev(next)->second == begin) {
    merged_begin = std::prev(next)->first;
    covered.erase(std::prev(next));
  }
  covered[merged_begin] = merged_end;
  if (merged_end - merged_begin < block_length(block)) return {};

  const auto bytes = std::move(incomplete.bytes);
  stripe.blocks.erase(block);
  states_[block].store(BlockState::taken, std::memory_order_relaxed);
  lock.unlock();
  incomplete_count_.fetch_sub(1, std::memory_order_relaxed);
  block_digests_[block] = xxh3_128(bytes.get(), block_length(block));
  return {};
}

// The end of the bytes that came, from `offset` on; `offset` itself if that byte did not.
uint64_t RangeDigest::covered_until(uint64_t offset) const {
  while (offset < size_bytes_) {
    const uint64_t block = offset / kBlockBytes;
    const uint64_t block_end = block * kBlockBytes + block_length(block);
    const auto state = states_[block].load(std::memory_order_relaxed);
    if (state == BlockState::untouched) return offset;
    if (state == BlockState::incomplete) {
      const auto& covered = stripes_[block % kStripes].blocks.at(block).covered;
      const auto after = covered.upper_bound(offset % kBlockBytes);
      if (after == covered.begin()) return offset;
      const uint64_t end = block * kBlockBytes + std::prev(after)->second;
      if (end < block_end) return std::max(offset, end);
    }
    offset = block_end;
  }
  return offset;
}

// The end of the bytes that are missing from `offset` on.
uint64_t RangeDigest::missing_until(uint64_t offset) const {
  while (offset < size_bytes_) {
    const uint64_t block = offset / kBlockBytes;
    const auto state = states_[block].load(std::memory_order_relaxed);
    if (state == BlockState::taken) return offset;
    if (state == BlockState::incomplete) {
      const auto& covered = stripes_[block % kStripes].blocks.at(block).covered;
      const auto next = covered.lower_bound(offset % kBlockBytes);
      if (next != covered.end()) return block * kBlockBytes + next->first;
    }
    offset = block * kBlockBytes + block_length(block);
  }
  return size_bytes_;
}

Result<Digest> RangeDigest::finish() const {
  const uint64_t covered = covered_until(0);
  if (covered < size_bytes_) {
    return fail(Status::integrity, fmt::format("bytes {}-{} of {} were never delivered", covered,
                                               missing_until(covered) - 1, size_bytes_));
  }
  return xxh3_128(block_digests_.data(), block_digests_.size() * sizeof(Digest));
}

Digest digest_of(std::span<const std::byte> data) {
  std::vector<Digest> blocks;
  blocks.reserve(data.size() / RangeDigest::kBlockBytes + 1);
  while (!data.empty()) {
    const auto block = data.first(std::min<size_t>(data.size(), RangeDigest::kBlockBytes));
    blocks.push_back(xxh3_128(block.data(), block.size()));
    data = data.subspan(block.size());
  }
  return xxh3_128(blocks.data(), blocks.size() * sizeof(Digest));
}

}  // namespace coldload
