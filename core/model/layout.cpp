#include "core/model/layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace coldload {
namespace {

using Group = std::vector<const TensorShape*>;

std::vector<Group> group(std::span<const TensorShape> tensors, uint64_t shard_bytes_max) {
  std::vector<Group> groups(1);
  uint64_t bytes = 0;
  for (const TensorShape& tensor : tensors) {
    if (!groups.back().empty() && bytes + tensor.bytes > shard_bytes_max) {
      groups.emplace_back();
      bytes = 0;
    }
    groups.back().push_back(&tensor);
    bytes += tensor.bytes;
  }
  return groups;
}

// The reference writes its JSON without blanks, metadata first, and pads with blanks to a multiple of 8
// bytes.
std::string header_of(const Group& tensors) {
  std::string json = R"({"__metadata__":{"format":"pt"})";
  uint64_t offset = 0;
  for (const TensorShape* tensor : tensors) {
    fmt::format_to(std::back_inserter(json), R"(,"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                   tensor->name, to_string(tensor->dtype), fmt::join(tensor->shape, ","), offset,
                   offset + tensor->bytes);
    offset += tensor->bytes;
  }
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string header;
  for (unsigned i = 0; i < 8; ++i) header += static_cast<char>(json.size() >> (8 * i) & 0xffU);
  return header + json;
}

}  // namespace

std::vector<ShardLayout> lay_out(std::span<const TensorShape> tensors, uint64_t shard_bytes_max,
                                 Layout layout) {
  auto groups = group(tensors, shard_bytes_max);
  std::vector<ShardLayout> shards;
  for (Group& members : groups) {
    if (layout == Layout::reference) {
      std::sort(members.begin(), members.end(), [](const TensorShape* a, const TensorShape* b) {
        return a->dtype != b->dtype ? a->dtype > b->dtype : a->name < b->name;
      });
    }
    ShardLayout& shard = shards.emplace_back();
    shard.name = groups.size() == 1
                     ? "model.safetensors"
                     : fmt::format("model-{:05}-of-{:05}.safetensors", shards.size(), groups.size());
    shard.header = header_of(members);
    shard.file_bytes = shard.header.size();
    for (const TensorShape* tensor : members) {
      shard.file_bytes += tensor->bytes;
      shard.tensors.push_back(tensor->name);
    }
  }
  return shards;
}

std::string index_text(std::span<const ShardLayout> shards, uint64_t tensor_bytes) {
  std::map<std::string_view, std::string_view> weight_map;
  for (const ShardLayout& shard : shards) {
    for (const std::string& tensor : shard.tensors) weight_map[tensor] = shard.name;
  }
  std::string text = fmt::format(
      "{{\n  \"metadata\": {{\n    \"total_size\": {}\n  }},\n  \"weight_map\": {{", tensor_bytes);
  std::string_view separator;
  for (const auto& [tensor, shard] : weight_map) {
    fmt::format_to(std::back_inserter(text), "{}\n    \"{}\": \"{}\"", separator, tensor, shard);
    separator = ",";
  }
  return text + "\n  }\n}\n";
}

}  // namespace coldload
