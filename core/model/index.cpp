#include "core/model/index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/text.hpp"

namespace coldload {
namespace {

// A name that is an object directly in the model's directory.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos && name.size() <= limits::kKeyBytesMax;
}

// What basic_parser calls. Interested in {"metadata":{"total_size":N},"weight_map":{"tensor":"shard"}} only.
class IndexHandler {
 public:
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = limits::kKeyBytesMax;
  static constexpr size_t max_string_size = SIZE_MAX;
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec) {
    ++depth_;
    if (depth_ == 2 && section_ == Section::weight_map) has_weight_map = true;
    return expects_shard(3) ? refuse_shard(ec) : true;
  }
  bool on_object_end(size_t, error_code&) {
    if (--depth_ == 1) section_ = Section::other;
    return true;
  }
  bool on_array_begin(error_code& ec) {
    ++depth_;
    return expects_shard(3) ? refuse_shard(ec) : true;
  }
  bool on_array_end(size_t, error_code&) {
    --depth_;
    return true;
  }
  bool on_key_part(string_view part, size_t, error_code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(string_view part, size_t, error_code& ec);
  bool on_string_part(string_view part, size_t, error_code&) {
    if (expects_shard(2)) text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(string_view part, size_t, error_code& ec);
  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(int64_t value, string_view, error_code& ec) {
    if (expects_total_size() && value >= 0) index.total_size = static_cast<uint64_t>(value);
    return expects_shard(2) ? refuse_shard(ec) : true;
  }
  bool on_uint64(uint64_t value, string_view, error_code& ec) {
    if (expects_total_size()) index.total_size = value;
    return expects_shard(2) ? refuse_shard(ec) : true;
  }
  bool on_double(double value, string_view, error_code& ec) {
    // Some writers leave 16060522496.0.
    if (expects_total_size() && value >= 0 && value < 0x1p53 && value == std::floor(value)) {
      index.total_size = static_cast<uint64_t>(value);
    }
    return expects_shard(2) ? refuse_shard(ec) : true;
  }
  bool on_bool(bool, error_code& ec) { return expects_shard(2) ? refuse_shard(ec) : true; }
  bool on_null(error_code& ec) { return expects_shard(2) ? refuse_shard(ec) : true; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  ShardIndex index;
  std::string refusal;
  bool has_weight_map = false;

 private:
  enum class Section : uint8_t { other, metadata, weight_map };

  [[nodiscard]] bool expects_shard(size_t depth) const {
    return section_ == Section::weight_map && depth_ == depth;
  }
  [[nodiscard]] bool expects_total_size() const {
    return section_ == Section::metadata && depth_ == 2 && last_key_ == "total_size";
  }
  bool refuse(std::string message, error_code& ec) {
    refusal = std::move(message);
    ec = boost::json::error::syntax;
    return false;
  }
  bool refuse_shard(error_code& ec) {
    return refuse(fmt::format("weight_map: {}: expected the name of a shard", in_quotes(last_key_)), ec);
  }

  Section section_ = Section::other;
  size_t depth_ = 0;
  std::string key_;       // so far
  std::string last_key_;  // whose value comes next
  std::string text_;      // a shard's name so far
  std::unordered_map<std::string, uint32_t> shard_numbers_;
};

bool IndexHandler::on_key(string_view part, size_t, error_code& ec) {
  key_.append(part.data(), part.size());
  last_key_ = std::exchange(key_, std::string());
  if (depth_ == 1) {
    section_ = last_key_ == "weight_map" ? Section::weight_map
               : last_key_ == "metadata" ? Section::metadata
                                         : Section::other;
    if (section_ == Section::weight_map && has_weight_map) return refuse("weight_map appears twice", ec);
  }
  return true;
}

bool IndexHandler::on_string(string_view part, size_t, error_code& ec) {
  if (!expects_shard(2)) return true;
  text_.append(part.data(), part.size());
  const std::string shard = std::exchange(text_, std::string());
  if (!is_plain_name(shard)) {
    return refuse(fmt::format("weight_map: {}: {} is no name of an object beside the index",
                              in_quotes(last_key_), in_quotes(shard)),
                  ec);
  }
  if (index.weight_map.size() >= limits::kIndexTensorsMax) {
    return refuse(fmt::format("weight_map has more than the limit of {} tensors", limits::kIndexTensorsMax),
                  ec);
  }
  const auto next = static_cast<uint32_t>(index.shards.size());
  const auto [found, is_new] = shard_numbers_.try_emplace(shard, next);
  if (is_new) index.shards.push_back(shard);
  if (index.shards.size() > limits::kObjectsMax) {
    return refuse(fmt::format("weight_map names more than the limit of {} shards", limits::kObjectsMax), ec);
  }
  index.weight_map.push_back({std::move(last_key_), found->second});
  return true;
}

}  // namespace

Result<ShardIndex> parse_index(std::string_view json) {
  if (json.size() > limits::kIndexBytesMax) {
    return fail(Status::integrity,
                fmt::format("{} bytes, the limit is {}", json.size(), limits::kIndexBytesMax));
  }
  boost::json::parse_options options;
  options.max_depth = limits::kHeaderNestingMax;
  boost::json::basic_parser<IndexHandler> parser(options);
  boost::json::error_code ec;
  const size_t used = parser.write_some(false, json.data(), json.size(), ec);
  IndexHandler& handler = parser.handler();
  if (!handler.refusal.empty()) return fail(Status::integrity, handler.refusal);
  if (ec) return fail(Status::integrity, fmt::format("not valid JSON: {}", ec.message()));
  if (used < json.size()) return fail(Status::integrity, fmt::format("byte {}: text after its end", used));
  if (!handler.has_weight_map) return fail(Status::integrity, "no weight_map");

  auto& map = handler.index.weight_map;
  const auto by_tensor = [](const auto& a, const auto& b) { return a.tensor < b.tensor; };
  std::sort(map.begin(), map.end(), by_tensor);
  const auto twice = std::adjacent_find(map.begin(), map.end(),
                                        [](const auto& a, const auto& b) { return a.tensor == b.tensor; });
  if (twice != map.end()) {
    return fail(Status::integrity,
                fmt::format("weight_map: tensor {} appears twice", in_quotes(twice->tensor)));
  }
  return std::move(handler.index);
}

}  // namespace coldload
