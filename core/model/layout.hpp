// Tensors to files: which shard each goes to, where in it, and the shard's header.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/model/architecture.hpp"

namespace coldload {

enum class Layout : uint8_t {
  reference,   // as the reference serializer: by dtype, widest alignment first, then by name
  definition,  // in the order in which the model defines its tensors
};

struct ShardLayout {
  std::string name;    // "model-00001-of-00004.safetensors", or "model.safetensors"
  std::string header;  // with the eight bytes of its length: the file's first bytes
  uint64_t file_bytes = 0;
  std::vector<std::string> tensors;  // in the order of their bytes
};

// Fills shards in definition order, each as long as the next tensor fits below `shard_bytes_max`
// (save_pretrained()'s rule); a tensor that is larger gets a shard of its own.
[[nodiscard]] std::vector<ShardLayout> lay_out(std::span<const TensorShape> tensors, uint64_t shard_bytes_max,
                                               Layout layout);

// The text of model.safetensors.index.json.
[[nodiscard]] std::string index_text(std::span<const ShardLayout> shards, uint64_t tensor_bytes);

}  // namespace coldload
