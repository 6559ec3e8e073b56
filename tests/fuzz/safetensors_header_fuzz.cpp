// A header is either refused with a message, or what it says is true of a file of its size; and the same
// however it is cut into pieces.
#include <cstdlib>
#include <string_view>

#include "core/model/safetensors.hpp"
#include "core/model/safetensors_sax.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// The extents of an accepted header cover the file without hole or overlap.
void check_accepted(const coldload::ShardHeader& header, uint64_t file_bytes) {
  uint64_t offset = 0;
  for (const coldload::Extent& extent : coldload::extents_of(header)) {
    require(extent.offset == offset);
    offset += extent.length;
  }
  require(offset == file_bytes);
}

}  // namespace

// Byte 0: size of the pieces; bytes 1-3: how many bytes of tensors follow the header; then the header.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const size_t piece_bytes = size_t{data[0]} + 1;
  const uint64_t data_bytes = data[1] + uint64_t{data[2]} * 256 + uint64_t{data[3]} * 65536;
  const std::string_view json(reinterpret_cast<const char*>(data) + 4, size - 4);
  const uint64_t file_bytes = 8 + json.size() + data_bytes;
  const auto whole = coldload::parse_header(json, json.size(), file_bytes);
  const auto pieces = coldload::detail::parse_header_in_pieces(json, file_bytes, piece_bytes);
  require(whole.has_value() == pieces.has_value());
  if (!whole) {
    require(!whole.error().message.empty());
    return 0;
  }
  check_accepted(*whole, file_bytes);
  check_accepted(*pieces, file_bytes);
  return 0;
}
