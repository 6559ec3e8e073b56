// The made-up bytes of a generated object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace coldload {

// Bytes that look random, do not compress, and are a function of (seed, object, offset): any range can be
// made alone, on any machine, in any order. [any-thread]
class Content {
 public:
  Content(uint64_t seed, std::string_view object);
  // `into` becomes the object's bytes from `offset`.
  void fill(uint64_t offset, std::span<std::byte> into) const;

 private:
  uint64_t key_;
};

}  // namespace coldload
