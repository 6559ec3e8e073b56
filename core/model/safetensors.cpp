#include "core/model/safetensors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/text.hpp"
#include "core/model/safetensors_sax.hpp"

namespace coldload {
namespace {

constexpr uint64_t kLengthBytes = 8;
// Small, so that a message about bad JSON can say where to within this.
constexpr size_t kPieceBytes = 4096;
constexpr size_t kReadBytes = limits::kMiB;

struct DtypeFact {
  std::string_view name;
  uint64_t bits;
};

constexpr std::array<DtypeFact, 22> kDtypes = {{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};
static_assert(kDtypes.size() == static_cast<size_t>(Dtype::u64) + 1);

// The first byte that cannot belong to UTF-8, or npos. A sequence cut by either end of `text` is let pass: it
// is a piece of a longer text. Only for the wording of a message: the parser has refused the text already.
size_t invalid_utf8_at(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  size_t i = 0;
  while (i < text.size() && i < 3 && (byte(i) & 0xc0U) == 0x80U) ++i;
  while (i < text.size()) {
    size_t length = 1;
    if (byte(i) >= 0xf5U || (byte(i) >= 0x80U && byte(i) < 0xc2U)) return i;
    if (byte(i) >= 0xc2U) length = byte(i) >= 0xf0U ? 4 : (byte(i) >= 0xe0U ? 3 : 2);
    for (size_t k = 1; k < length && i + k < text.size(); ++k) {
      if ((byte(i + k) & 0xc0U) != 0x80U) return i + k;
    }
    i += length;
  }
  return std::string_view::npos;
}

std::string number_of_bytes(uint64_t count) {
  return fmt::format("{} byte{}", count, count == 1 ? "" : "s");
}

// Takes a header in pieces; then checks what only the whole of it shows.
class HeaderReader {
 public:
  [[nodiscard]] Result<void> feed(std::string_view piece) {
    boost::json::error_code ec;
    const size_t used = parser_.write_some(true, piece.data(), piece.size(), ec);
    if (ec) return refused(piece, ec);
    if (used < piece.size()) {
      return fail(Status::integrity, fmt::format("byte {} of the header: text after its end", fed_ + used));
    }
    fed_ += piece.size();
    return {};
  }

  [[nodiscard]] Result<ShardHeader> finish(uint64_t file_bytes) {
    boost::json::error_code ec;
    parser_.write_some(false, "", 0, ec);
    // A number that is the whole text ends only here.
    if (ec && !parser_.handler().refusal.empty()) return fail(Status::integrity, parser_.handler().refusal);
    if (ec)
      return fail(Status::integrity, fmt::format("the header's {} bytes are no complete JSON text", fed_));
    ShardHeader header{kLengthBytes + fed_, std::move(parser_.handler().tensors),
                       std::move(parser_.handler().metadata)};
    if (auto unique = check_names(header.tensors); !unique) return pass(unique);
    if (auto covered = check_coverage(header, file_bytes); !covered) return pass(covered);
    return header;
  }

 private:
  static boost::json::parse_options options() {
    boost::json::parse_options chosen;
    chosen.max_depth = limits::kHeaderNestingMax;
    return chosen;
  }

  std::unexpected<Error> refused(std::string_view piece, const boost::json::error_code& ec) {
    const auto& handler = parser_.handler();
    if (!handler.refusal.empty()) return fail(Status::integrity, handler.refusal);
    if (const size_t at = invalid_utf8_at(piece); at != std::string_view::npos) {
      return fail(Status::integrity, fmt::format("byte {} of the header: invalid UTF-8", fed_ + at));
    }
    return fail(Status::integrity,
                fmt::format("bytes {}-{} of the header, in or after {}: not valid JSON: {}", fed_,
                            fed_ + piece.size() - 1, handler.where(), ec.message()));
  }

  static Result<void> check_names(const std::vector<TensorInfo>& tensors) {
    std::vector<uint32_t> order(tensors.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return tensors[a].name < tensors[b].name; });
    const auto twice = std::adjacent_find(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return tensors[a].name == tensors[b].name;
    });
    if (twice == order.end()) return {};
    return fail(Status::integrity, fmt::format("tensor {} appears twice", in_quotes(tensors[*twice].name)));
  }

  static Result<void> check_coverage(ShardHeader& header, uint64_t file_bytes) {
    auto& tensors = header.tensors;
    std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    uint64_t covered = 0;
    for (const TensorInfo& tensor : tensors) {
      const std::string name = tensor.begin == covered ? "" : in_quotes(tensor.name);
      if (tensor.begin < covered) {
        return fail(Status::integrity,
                    fmt::format("tensor {} begins at {} and overlaps the one before, which ends at {}", name,
                                tensor.begin, covered));
      }
      if (tensor.begin > covered) {
        return fail(Status::integrity,
                    fmt::format("{} of no tensor before tensor {}, which begins at {}",
                                number_of_bytes(tensor.begin - covered), name, tensor.begin));
      }
      covered = tensor.end;
    }
    if (header.header_bytes > file_bytes || covered != file_bytes - header.header_bytes) {
      return fail(Status::integrity,
                  fmt::format("header of {} bytes and tensors of {} need {} bytes, the file has {}",
                              header.header_bytes, covered, header.header_bytes + covered, file_bytes));
    }
    return {};
  }

  boost::json::basic_parser<detail::HeaderHandler> parser_{options()};
  uint64_t fed_ = 0;
};

}  // namespace

std::string_view to_string(Dtype dtype) {
  return kDtypes[static_cast<size_t>(dtype)].name;
}

std::optional<Dtype> parse_dtype(std::string_view name) {
  for (size_t i = 0; i < kDtypes.size(); ++i) {
    if (kDtypes[i].name == name) return static_cast<Dtype>(i);
  }
  return std::nullopt;
}

uint64_t bits_of(Dtype dtype) {
  return kDtypes[static_cast<size_t>(dtype)].bits;
}

Result<uint64_t> tensor_bytes(Dtype dtype, std::span<const uint64_t> shape) {
  uint64_t bits = 1;
  bool overflowed = false;
  // As the reference multiplies: an overflow counts even where a later dimension is 0.
  for (const uint64_t dimension : shape) overflowed |= __builtin_mul_overflow(bits, dimension, &bits);
  overflowed |= __builtin_mul_overflow(bits, bits_of(dtype), &bits);
  if (overflowed) {
    return fail(Status::integrity,
                fmt::format("shape and dtype {} need 2^64 bits or more", to_string(dtype)));
  }
  if (bits % 8 != 0) {
    return fail(Status::integrity, fmt::format("shape and dtype {} need {} bits, no whole number of bytes",
                                               to_string(dtype), bits));
  }
  return bits / 8;
}

Result<uint64_t> header_length(std::span<const std::byte> first8, uint64_t file_bytes) {
  if (file_bytes < kLengthBytes || first8.size() < kLengthBytes) {
    return fail(Status::integrity,
                fmt::format("{}, a safetensors file has at least 8",
                            number_of_bytes(std::min<uint64_t>(file_bytes, first8.size()))));
  }
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length |= std::to_integer<uint64_t>(first8[i]) << (8 * i);
  if (length > limits::kSafetensorsHeaderBytesMax) {
    return fail(Status::integrity,
                fmt::format("header of {} bytes: the limit is {}; this is no safetensors file, or a "
                            "damaged one",
                            length, limits::kSafetensorsHeaderBytesMax));
  }
  if (length > file_bytes - kLengthBytes) {
    return fail(Status::integrity,
                fmt::format("header of {} bytes reaches past the end of the file of {}", length, file_bytes));
  }
  return length;
}

namespace detail {

Result<ShardHeader> parse_header_in_pieces(std::string_view json, uint64_t file_bytes, size_t piece_bytes) {
  HeaderReader reader;
  while (!json.empty()) {
    const auto piece = json.substr(0, piece_bytes);
    if (auto fed = reader.feed(piece); !fed) return pass(fed);
    json.remove_prefix(piece.size());
  }
  return reader.finish(file_bytes);
}

}  // namespace detail

Result<ShardHeader> parse_header(std::string_view json, uint64_t header_length, uint64_t file_bytes) {
  if (json.size() != header_length) {
    return fail(Status::internal,
                fmt::format("header of {} bytes was handed over as {}", header_length, json.size()));
  }
  if (header_length > limits::kSafetensorsHeaderBytesMax) {
    return fail(Status::integrity, fmt::format("header of {} bytes: the limit is {}", header_length,
                                               limits::kSafetensorsHeaderBytesMax));
  }
  return detail::parse_header_in_pieces(json, file_bytes, kPieceBytes);
}

Result<ShardHeader> read_header(const ReadAt& read_at, uint64_t file_bytes) {
  std::array<std::byte, kLengthBytes> first{};
  const size_t first_bytes = std::min<uint64_t>(kLengthBytes, file_bytes);
  if (auto read = read_at(0, std::span(first).first(first_bytes)); !read) return pass(read);
  const auto length = header_length(std::span(first).first(first_bytes), file_bytes);
  if (!length) return pass(length);

  HeaderReader reader;
  std::vector<std::byte> buffer(std::min<uint64_t>(*length, kReadBytes));
  for (uint64_t offset = 0; offset < *length;) {
    const auto part = std::span(buffer).first(std::min<uint64_t>(buffer.size(), *length - offset));
    if (auto read = read_at(kLengthBytes + offset, part); !read) return pass(read);
    std::string_view text(reinterpret_cast<const char*>(part.data()), part.size());
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), kPieceBytes))) {
      if (auto fed = reader.feed(text.substr(0, kPieceBytes)); !fed) return pass(fed);
    }
    offset += part.size();
  }
  return reader.finish(file_bytes);
}

Result<ShardHeader> read_header(const std::filesystem::path& path) {
  // Non-blocking, or opening a FIFO would wait for a writer before it can be refused.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return fail_errno(errno, "open");
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return fail_errno(errno, "stat");
  if (!S_ISREG(about.st_mode)) return fail(Status::integrity, "is no regular file");
  const auto read_at = [&](uint64_t offset, std::span<std::byte> into) -> Result<void> {
    while (!into.empty()) {
      const ssize_t count = ::pread(file.get(), into.data(), into.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail_errno(errno, fmt::format("bytes {}-{}", offset, offset + into.size() - 1));
      if (count == 0) return fail(Status::io_error, fmt::format("ends at {} while it is read", offset));
      offset += static_cast<uint64_t>(count);
      into = into.subspan(static_cast<size_t>(count));
    }
    return {};
  };
  return read_header(read_at, static_cast<uint64_t>(about.st_size));
}

std::vector<Extent> extents_of(const ShardHeader& header) {
  std::vector<Extent> extents;
  extents.reserve(header.tensors.size() + 1);
  extents.push_back({"", 0, header.header_bytes});
  for (const TensorInfo& tensor : header.tensors) {
    extents.push_back({tensor.name, header.header_bytes + tensor.begin, tensor.end - tensor.begin});
  }
  return extents;
}

}  // namespace coldload
