// The SAX handler of a safetensors header: for safetensors*.cpp and their tests only.
#pragma once

#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/safetensors.hpp"

namespace coldload::detail {

// What basic_parser calls. Collects tensors and metadata; on the first thing that is wrong it keeps the
// message and stops the parser. Keys and texts arrive in pieces when the input does.
class HeaderHandler {
 public:
  // The parser's own limits are off: sizes are checked here, with messages that name the tensor.
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec);
  bool on_object_end(size_t, error_code& ec);
  bool on_array_begin(error_code& ec);
  bool on_array_end(size_t count, error_code& ec);
  bool on_key_part(string_view part, size_t, error_code& ec) { return append(part, ec); }
  bool on_key(string_view part, size_t, error_code& ec);
  bool on_string_part(string_view part, size_t, error_code& ec);
  bool on_string(string_view part, size_t, error_code& ec);
  bool on_number_part(string_view part, error_code& ec);
  bool on_int64(int64_t value, string_view text, error_code& ec);
  bool on_uint64(uint64_t value, string_view, error_code& ec) { return on_integer(value, ec); }
  bool on_double(double, string_view, error_code& ec);
  bool on_bool(bool, error_code& ec) { return refuse_value("a boolean", ec); }
  bool on_null(error_code& ec);
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  std::vector<TensorInfo> tensors;
  std::map<std::string, std::string, std::less<>> metadata;
  std::string refusal;  // empty while nothing is wrong
  // `tensor "x"`, `"__metadata__"` or `the header`: what is being read.
  [[nodiscard]] std::string where() const;

 private:
  enum class Place : uint8_t { outside, header, tensor, shape, offsets, metadata };
  enum class Field : uint8_t { none, dtype, shape, offsets };

  bool refuse(std::string message, error_code& ec);
  bool refuse_value(std::string_view found, error_code& ec);
  bool append(string_view part, error_code& ec);
  bool begin_entry(error_code& ec);
  bool begin_field(error_code& ec);
  bool begin_metadata_entry(error_code& ec);
  bool on_integer(uint64_t value, error_code& ec);
  bool end_tensor(error_code& ec);
  [[nodiscard]] TensorInfo& tensor() { return tensors.back(); }
  [[nodiscard]] bool expects_text() const;

  Place place_ = Place::outside;
  Field field_ = Field::none;
  bool in_metadata_ = false;  // the value of "__metadata__" comes next
  bool has_metadata_ = false;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
  bool negative_ = false;  // of a number that arrived in pieces
  size_t offsets_count_ = 0;
  uint64_t names_bytes_ = 0;
  uint64_t dimensions_ = 0;
  uint64_t metadata_bytes_ = 0;
  std::string text_;  // key or text so far
  std::string key_;   // of the metadata entry whose value comes next
};

// parse_header() with the input handed to the parser in pieces of `piece_bytes`, as it comes from a slow
// reader.
[[nodiscard]] Result<ShardHeader> parse_header_in_pieces(std::string_view json, uint64_t file_bytes,
                                                         size_t piece_bytes);

}  // namespace coldload::detail
