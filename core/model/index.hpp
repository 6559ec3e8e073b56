// `model.safetensors.index.json`: which shard holds which tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace coldload {

inline constexpr std::string_view kIndexName = "model.safetensors.index.json";

struct ShardIndex {
  struct Entry {
    std::string tensor;
    uint32_t shard = 0;  // into `shards`
  };
  std::vector<std::string> shards;     // in the order of their first mention
  std::vector<Entry> weight_map;       // by tensor
  std::optional<uint64_t> total_size;  // bytes of all tensors, as its metadata says
};

// Reads the JSON of an index; what it does not know is passed over. Errors (integrity): no valid JSON, no
// weight_map, a tensor twice, a shard's name that leads out of the directory, a limit. [any-thread]
[[nodiscard]] Result<ShardIndex> parse_index(std::string_view json);

}  // namespace coldload
