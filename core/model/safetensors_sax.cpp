#include "core/model/safetensors_sax.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/base/limits.hpp"
#include "core/base/text.hpp"

namespace coldload::detail {
namespace {

constexpr std::string_view kMetadataKey = "__metadata__";

}  // namespace

bool HeaderHandler::refuse(std::string message, error_code& ec) {
  refusal = std::move(message);
  ec = boost::json::error::syntax;  // any error stops the parser; `refusal` is what the reader is told
  return false;
}

std::string HeaderHandler::where() const {
  if (in_metadata_ || place_ == Place::metadata) return "\"__metadata__\"";
  if (place_ == Place::outside || tensors.empty()) return "the header";
  return fmt::format("tensor {}", in_quotes(tensors.back().name));
}

bool HeaderHandler::refuse_value(std::string_view found, error_code& ec) {
  switch (place_) {
    case Place::outside:
      return refuse(fmt::format("the header is {}, expected an object of tensors", found), ec);
    case Place::header:
      return refuse(fmt::format("{} is {}, expected an object", where(), found), ec);
    case Place::shape:
      return refuse(fmt::format("{}: shape holds {}, expected whole numbers below 2^64", where(), found), ec);
    case Place::offsets:
      return refuse(
          fmt::format("{}: data_offsets holds {}, expected two whole numbers below 2^64", where(), found),
          ec);
    case Place::metadata:
      return refuse(fmt::format("\"__metadata__\": {} is {}, expected a text", in_quotes(key_), found), ec);
    case Place::tensor:
      break;
  }
  if (field_ == Field::dtype)
    return refuse(fmt::format("{}: dtype is {}, expected a text", where(), found), ec);
  const std::string_view name = field_ == Field::shape ? "shape" : "data_offsets";
  return refuse(fmt::format("{}: {} is {}, expected an array of whole numbers", where(), name, found), ec);
}

bool HeaderHandler::expects_text() const {
  return place_ == Place::metadata || (place_ == Place::tensor && field_ == Field::dtype);
}

bool HeaderHandler::append(string_view part, error_code& ec) {
  const bool in_metadata = place_ == Place::metadata;
  const uint64_t bytes_max =
      in_metadata ? limits::kHeaderMetadataBytesMax - metadata_bytes_ : limits::kTensorNameBytesMax;
  if (text_.size() + part.size() > bytes_max) {
    if (in_metadata) {
      return refuse(fmt::format("\"__metadata__\" is larger than the limit of {} bytes",
                                limits::kHeaderMetadataBytesMax),
                    ec);
    }
    return refuse(fmt::format("{} in or after {} is longer than the limit of {} bytes", in_quotes(text_),
                              where(), limits::kTensorNameBytesMax),
                  ec);
  }
  text_.append(part.data(), part.size());
  return true;
}

bool HeaderHandler::on_object_begin(error_code& ec) {
  if (place_ == Place::outside) {
    place_ = Place::header;
  } else if (place_ == Place::header) {
    place_ = in_metadata_ ? Place::metadata : Place::tensor;
  } else {
    return refuse_value("an object", ec);
  }
  return true;
}

bool HeaderHandler::on_object_end(size_t, error_code& ec) {
  if (place_ == Place::tensor) return end_tensor(ec);
  place_ = place_ == Place::metadata ? Place::header : Place::outside;
  in_metadata_ = false;
  return true;
}

bool HeaderHandler::on_array_begin(error_code& ec) {
  if (place_ != Place::tensor || field_ == Field::dtype) return refuse_value("an array", ec);
  place_ = field_ == Field::shape ? Place::shape : Place::offsets;
  return true;
}

bool HeaderHandler::on_array_end(size_t count, error_code& ec) {
  if (place_ == Place::offsets && count != 2) {
    return refuse(fmt::format("{}: data_offsets has {} elements, expected 2", where(), count), ec);
  }
  place_ = Place::tensor;
  return true;
}

bool HeaderHandler::on_key(string_view part, size_t, error_code& ec) {
  if (!append(part, ec)) return false;
  bool begun = false;
  if (place_ == Place::header) {
    begun = begin_entry(ec);
  } else if (place_ == Place::tensor) {
    begun = begin_field(ec);
  } else {
    begun = begin_metadata_entry(ec);
  }
  text_.clear();
  return begun;
}

bool HeaderHandler::begin_entry(error_code& ec) {
  if (text_ == kMetadataKey) {
    if (has_metadata_) return refuse("\"__metadata__\" appears twice", ec);
    in_metadata_ = has_metadata_ = true;
    return true;
  }
  names_bytes_ += text_.size();
  if (tensors.size() >= limits::kTensorsPerShardMax || names_bytes_ > limits::kTensorNamesBytesMax) {
    return refuse(fmt::format("more than the limit of {} tensors, or of {} bytes of their names",
                              limits::kTensorsPerShardMax, limits::kTensorNamesBytesMax),
                  ec);
  }
  tensors.emplace_back().name = text_;
  has_dtype_ = has_shape_ = has_offsets_ = false;
  offsets_count_ = 0;
  return true;
}

bool HeaderHandler::begin_field(error_code& ec) {
  bool* seen = nullptr;
  if (text_ == "dtype") {
    field_ = Field::dtype;
    seen = &has_dtype_;
  } else if (text_ == "shape") {
    field_ = Field::shape;
    seen = &has_shape_;
  } else if (text_ == "data_offsets") {
    field_ = Field::offsets;
    seen = &has_offsets_;
  } else {
    return refuse(fmt::format("{}: unknown field {}, expected dtype, shape and data_offsets", where(),
                              in_quotes(text_)),
                  ec);
  }
  if (*seen) return refuse(fmt::format("{}: {} appears twice", where(), text_), ec);
  *seen = true;
  return true;
}

bool HeaderHandler::begin_metadata_entry(error_code& ec) {
  metadata_bytes_ += text_.size();
  if (metadata.size() >= limits::kHeaderMetadataEntriesMax) {
    return refuse(fmt::format("\"__metadata__\" has more than the limit of {} entries",
                              limits::kHeaderMetadataEntriesMax),
                  ec);
  }
  if (metadata.contains(text_)) {
    return refuse(fmt::format("\"__metadata__\": {} appears twice", in_quotes(text_)), ec);
  }
  key_ = text_;
  return true;
}

bool HeaderHandler::on_string_part(string_view part, size_t, error_code& ec) {
  return expects_text() ? append(part, ec) : refuse_value("a text", ec);
}

bool HeaderHandler::on_string(string_view part, size_t, error_code& ec) {
  if (!expects_text()) return refuse_value("a text", ec);
  if (!append(part, ec)) return false;
  if (place_ == Place::metadata) {
    metadata_bytes_ += text_.size();
    metadata[key_] = std::move(text_);
    text_.clear();
    return true;
  }
  const auto dtype = parse_dtype(text_);
  if (!dtype) return refuse(fmt::format("{}: unknown dtype {}", where(), in_quotes(text_)), ec);
  tensor().dtype = *dtype;
  text_.clear();
  return true;
}

bool HeaderHandler::on_number_part(string_view part, error_code&) {
  if (!part.empty() && part.front() == '-') negative_ = true;
  return true;
}

bool HeaderHandler::on_int64(int64_t value, string_view text, error_code& ec) {
  // -0 is a number that the reference refuses too, so the sign decides and not the value.
  const bool negative = std::exchange(negative_, false) || (!text.empty() && text.front() == '-');
  if (negative) return refuse_value("a negative number", ec);
  return on_integer(static_cast<uint64_t>(value), ec);
}

bool HeaderHandler::on_double(double, string_view, error_code& ec) {
  return refuse_value("a fraction or a number of 2^64 or more", ec);
}

bool HeaderHandler::on_integer(uint64_t value, error_code& ec) {
  if (place_ == Place::offsets) {
    if (offsets_count_ < 2) (offsets_count_ == 0 ? tensor().begin : tensor().end) = value;
    if (++offsets_count_ > 2) {
      return refuse(fmt::format("{}: data_offsets has more than 2 elements", where()), ec);
    }
    return true;
  }
  if (place_ != Place::shape) return refuse_value("a number", ec);
  if (tensor().shape.size() >= limits::kTensorRankMax) {
    return refuse(
        fmt::format("{}: shape has more than the limit of {} dimensions", where(), limits::kTensorRankMax),
        ec);
  }
  if (++dimensions_ > limits::kTensorDimensionsMax) {
    return refuse(
        fmt::format("shapes have more than the limit of {} dimensions in all", limits::kTensorDimensionsMax),
        ec);
  }
  tensor().shape.push_back(value);
  return true;
}

bool HeaderHandler::on_null(error_code& ec) {
  // The reference's metadata is optional, and null is how its format writes an absent one.
  if (place_ != Place::header || !in_metadata_) return refuse_value("null", ec);
  in_metadata_ = false;
  return true;
}

bool HeaderHandler::end_tensor(error_code& ec) {
  if (!has_dtype_ || !has_shape_ || !has_offsets_) {
    return refuse(
        fmt::format("{}: no {}", where(), !has_dtype_ ? "dtype" : (!has_shape_ ? "shape" : "data_offsets")),
        ec);
  }
  TensorInfo& info = tensor();
  info.shape.shrink_to_fit();
  if (info.end < info.begin) {
    return refuse(
        fmt::format("{}: data_offsets end at {}, before they begin at {}", where(), info.end, info.begin),
        ec);
  }
  const auto bytes = tensor_bytes(info.dtype, info.shape);
  if (!bytes) return refuse(fmt::format("{}: {}", where(), bytes.error().message), ec);
  if (*bytes != info.end - info.begin) {
    return refuse(fmt::format("{}: data_offsets hold {} bytes, its shape and dtype {} need {}", where(),
                              info.end - info.begin, to_string(info.dtype), *bytes),
                  ec);
  }
  place_ = Place::header;
  return true;
}

}  // namespace coldload::detail
