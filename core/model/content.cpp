#include "core/model/content.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coldload {
namespace {

// Word `number` of the stream of `key`: SplitMix64 (Steele, Lea, Flood 2014) with its counter given.
uint64_t word_at(uint64_t key, uint64_t number) {
  uint64_t word = key + number * 0x9e3779b97f4a7c15U;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
  word ^= word >> 31;
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

}  // namespace

Content::Content(uint64_t seed, std::string_view object)
    : key_(XXH3_64bits_withSeed(object.data(), object.size(), seed)) {}

void Content::fill(uint64_t offset, std::span<std::byte> into) const {
  constexpr uint64_t kWordBytes = sizeof(uint64_t);
  uint64_t number = offset / kWordBytes;
  const size_t skipped = offset % kWordBytes;
  if (skipped != 0) {
    const uint64_t word = word_at(key_, number++);
    const size_t count = std::min<size_t>(kWordBytes - skipped, into.size());
    std::memcpy(into.data(), reinterpret_cast<const std::byte*>(&word) + skipped, count);
    into = into.subspan(count);
  }
  // In blocks that stay in the first-level cache: the destination may lie at any address.
  std::array<uint64_t, 512> block;
  while (!into.empty()) {
    const size_t bytes = std::min(sizeof block, into.size());
    const size_t words = (bytes + kWordBytes - 1) / kWordBytes;
    for (size_t i = 0; i < words; ++i) block[i] = word_at(key_, number + i);
    std::memcpy(into.data(), block.data(), bytes);
    number += words;
    into = into.subspan(bytes);
  }
}

}  // namespace coldload
