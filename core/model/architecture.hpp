// The tensors of known models: names, shapes and dtypes as their published weights have them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/safetensors.hpp"

namespace coldload {

// The figures of a published config.json that decide the tensors, and what a stub of that file shows.
struct Architecture {
  std::string_view id;          // "llama-3.1-8b": what the command line and a scenario write
  std::string_view class_name;  // "LlamaForCausalLM"
  std::string_view model_type;  // "llama"
  uint64_t hidden_size = 0;
  uint64_t layers = 0;
  uint64_t attention_heads = 0;
  uint64_t key_value_heads = 0;
  uint64_t head_size = 0;
  uint64_t intermediate_size = 0;  // of one expert where there are experts
  uint64_t vocabulary_size = 0;
  uint64_t experts = 0;  // 0: one dense block a layer
  uint64_t experts_per_token = 0;
  bool tied_embeddings = false;  // no lm_head of its own
  bool attention_bias = false;   // of query, key and value
  bool attention_norm = false;   // of query and key
  uint64_t shard_bytes_max = 0;  // with which the weights were published
  uint64_t context_length = 0;
  double rope_theta = 0;
};

[[nodiscard]] std::span<const Architecture> architectures();

// By id. Error (invalid_option): unknown, with the nearest or all known.
[[nodiscard]] Result<Architecture> find_architecture(std::string_view id);

// A tensor that is not placed in a file yet.
struct TensorShape {
  std::string name;
  std::vector<uint64_t> shape;
  Dtype dtype = Dtype::bf16;
  uint64_t bytes = 0;
};

// All tensors of the first `layers` layers, in the order in which the model defines (and save_pretrained()
// writes) them.
[[nodiscard]] std::vector<TensorShape> tensors_of(const Architecture& architecture, uint64_t layers);

}  // namespace coldload
