// The digest of an object, computed from ranges that arrive in any order.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"

namespace coldload {

// XXH3-128, canonical (big-endian) bytes.
struct Digest {
  std::array<uint8_t, 16> bytes{};

  // 32 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  [[nodiscard]] static Result<Digest> parse(std::string_view hex);
  friend bool operator==(const Digest&, const Digest&) = default;
};

// XXH3-128 over the XXH3-128 (canonical bytes) of an object's 64 KiB blocks in order; the last block may be
// short, an empty object is XXH3-128 of nothing. Blocks make it independent of the order in which ranges come
// and of how they were cut: whole blocks are hashed where they lie, only blocks cut by a range's edge are
// copied and wait for the rest of their bytes.
class RangeDigest {
 public:
  static constexpr uint64_t kBlockBytes = 65536;

  // Of an object of `size_bytes`. Holds 17 bytes per block.
  explicit RangeDigest(uint64_t size_bytes);
  ~RangeDigest();
  RangeDigest(const RangeDigest&) = delete;
  RangeDigest& operator=(const RangeDigest&) = delete;

  // Takes in `data` as the object's bytes from `offset`; read only during the call. Errors (integrity): past
  // the end, or a byte that came before; after one the digest is of no use. Error (out_of_memory): more than
  // kDigestBlocksIncompleteMax blocks wait. [any-thread]
  [[nodiscard]] Result<void> add(uint64_t offset, std::span<const std::byte> data);

  // The digest, once every byte came. Error (integrity): names the first range that is missing.
  // After the last add() returned. [control-thread]
  [[nodiscard]] Result<Digest> finish() const;

 private:
  struct IncompleteBlock;
  struct Stripe;
  enum class BlockState : uint8_t { untouched, incomplete, taken };
  static constexpr size_t kStripes = 64;

  [[nodiscard]] uint64_t block_length(uint64_t block) const;
  [[nodiscard]] Result<void> add_whole(uint64_t block, std::span<const std::byte> data);
  [[nodiscard]] Result<void> add_part(uint64_t block, uint64_t begin, std::span<const std::byte> data);
  [[nodiscard]] uint64_t covered_until(uint64_t offset) const;
  [[nodiscard]] uint64_t missing_until(uint64_t offset) const;

  uint64_t size_bytes_;
  uint64_t block_count_;
  std::vector<Digest> block_digests_;
  std::unique_ptr<std::atomic<BlockState>[]> states_;
  std::unique_ptr<Stripe[]> stripes_;
  std::atomic<uint64_t> incomplete_count_{0};
};

// The same digest of bytes that lie in one piece. [any-thread]
[[nodiscard]] Digest digest_of(std::span<const std::byte> data);

}  // namespace coldload
