// The header of a safetensors file: 8 bytes of length N, little-endian, N bytes of JSON, then the tensors'
// bytes. Rules as in the reference reader (huggingface/safetensors, safetensors/src/tensor.rs, 0.6), stricter
// where a file that breaks them cannot be meant: duplicate names, unknown fields of a tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace coldload {

// In the reference's order of increasing alignment, by which its serializer sorts.
enum class Dtype : uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

// As the header writes it: "BF16", "F8_E4M3".
[[nodiscard]] std::string_view to_string(Dtype dtype);
[[nodiscard]] std::optional<Dtype> parse_dtype(std::string_view name);
[[nodiscard]] uint64_t bits_of(Dtype dtype);
// Bytes of a tensor. Errors (integrity): the product overflows 64 bits, or is no whole number of bytes.
[[nodiscard]] Result<uint64_t> tensor_bytes(Dtype dtype, std::span<const uint64_t> shape);

struct TensorInfo {
  std::string name;  // UTF-8
  Dtype dtype = Dtype::u8;
  std::vector<uint64_t> shape;  // empty: a scalar
  uint64_t begin = 0;           // relative to the first byte after the header
  uint64_t end = 0;             // one past the last
};

struct ShardHeader {
  uint64_t header_bytes = 0;        // 8 + N: where the tensors' bytes begin
  std::vector<TensorInfo> tensors;  // by offset; they cover the rest of the file without hole or overlap
  std::map<std::string, std::string, std::less<>> metadata;  // "__metadata__"
};

// Messages of the functions below do not name the shard: the caller knows it. Status is integrity for
// anything that is wrong with the header.

// N out of the first bytes of a file of `file_bytes` bytes. Errors: fewer than 8 bytes, N over 100 MB or past
// the end. [any-thread]
[[nodiscard]] Result<uint64_t> header_length(std::span<const std::byte> first8, uint64_t file_bytes);

// Reads the JSON of a header of `header_length` bytes (the size of `json`) in a file of `file_bytes` bytes.
// Leading and trailing white space is accepted, as by the reference. [any-thread]
[[nodiscard]] Result<ShardHeader> parse_header(std::string_view json, uint64_t header_length,
                                               uint64_t file_bytes);

// Fills the whole span with the object's bytes from `offset`, or fails.
using ReadAt = std::function<Result<void>(uint64_t offset, std::span<std::byte> into)>;

// Reads the header in pieces of at most 1 MiB, so that a huge one costs no memory of its size.
[[nodiscard]] Result<ShardHeader> read_header(const ReadAt& read_at, uint64_t file_bytes);
// Of a regular file; links are followed.
[[nodiscard]] Result<ShardHeader> read_header(const std::filesystem::path& path);

// A part of a file that a reader asks for in one piece.
struct Extent {
  std::string name;  // "" is the header
  uint64_t offset = 0;
  uint64_t length = 0;
};

// The header, then the tensors by offset: they cover the file exactly.
[[nodiscard]] std::vector<Extent> extents_of(const ShardHeader& header);

}  // namespace coldload
