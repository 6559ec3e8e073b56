#include "core/model/architecture.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/base/nearest.hpp"

namespace coldload {
namespace {

constexpr uint64_t kGB = 1'000'000'000;

constexpr std::array kArchitectures = {
    Architecture{.id = "qwen2.5-0.5b",
                 .class_name = "Qwen2ForCausalLM",
                 .model_type = "qwen2",
                 .hidden_size = 896,
                 .layers = 24,
                 .attention_heads = 14,
                 .key_value_heads = 2,
                 .head_size = 64,
                 .intermediate_size = 4864,
                 .vocabulary_size = 151936,
                 .tied_embeddings = true,
                 .attention_bias = true,
                 .shard_bytes_max = 4 * kGB,
                 .context_length = 32768,
                 .rope_theta = 1e6},
    Architecture{.id = "qwen2.5-7b",
                 .class_name = "Qwen2ForCausalLM",
                 .model_type = "qwen2",
                 .hidden_size = 3584,
                 .layers = 28,
                 .attention_heads = 28,
                 .key_value_heads = 4,
                 .head_size = 128,
                 .intermediate_size = 18944,
                 .vocabulary_size = 152064,
                 .attention_bias = true,
                 .shard_bytes_max = 4 * kGB,
                 .context_length = 131072,
                 .rope_theta = 1e6},
    Architecture{.id = "llama-3.1-8b",
                 .class_name = "LlamaForCausalLM",
                 .model_type = "llama",
                 .hidden_size = 4096,
                 .layers = 32,
                 .attention_heads = 32,
                 .key_value_heads = 8,
                 .head_size = 128,
                 .intermediate_size = 14336,
                 .vocabulary_size = 128256,
                 .shard_bytes_max = 5 * kGB,
                 .context_length = 131072,
                 .rope_theta = 5e5},
    Architecture{.id = "llama-3.1-70b",
                 .class_name = "LlamaForCausalLM",
                 .model_type = "llama",
                 .hidden_size = 8192,
                 .layers = 80,
                 .attention_heads = 64,
                 .key_value_heads = 8,
                 .head_size = 128,
                 .intermediate_size = 28672,
                 .vocabulary_size = 128256,
                 .shard_bytes_max = 5 * kGB,
                 .context_length = 131072,
                 .rope_theta = 5e5},
    Architecture{.id = "qwen3-30b-a3b",
                 .class_name = "Qwen3MoeForCausalLM",
                 .model_type = "qwen3_moe",
                 .hidden_size = 2048,
                 .layers = 48,
                 .attention_heads = 32,
                 .key_value_heads = 4,
                 .head_size = 128,
                 .intermediate_size = 768,
                 .vocabulary_size = 151936,
                 .experts = 128,
                 .experts_per_token = 8,
                 .attention_norm = true,
                 .shard_bytes_max = 4 * kGB,
                 .context_length = 40960,
                 .rope_theta = 1e6},
};

class TensorList {
 public:
  void add(std::string name, std::vector<uint64_t> shape) {
    uint64_t bytes = bits_of(Dtype::bf16) / 8;
    for (const uint64_t dimension : shape) bytes *= dimension;
    tensors.push_back({std::move(name), std::move(shape), Dtype::bf16, bytes});
  }
  std::vector<TensorShape> tensors;
};

void add_attention(TensorList& list, const Architecture& a, const std::string& layer) {
  const auto projection = [&](std::string_view name, uint64_t heads) {
    list.add(fmt::format("{}self_attn.{}_proj.weight", layer, name), {heads * a.head_size, a.hidden_size});
    if (a.attention_bias)
      list.add(fmt::format("{}self_attn.{}_proj.bias", layer, name), {heads * a.head_size});
  };
  projection("q", a.attention_heads);
  projection("k", a.key_value_heads);
  projection("v", a.key_value_heads);
  list.add(layer + "self_attn.o_proj.weight", {a.hidden_size, a.attention_heads * a.head_size});
  if (a.attention_norm) {
    list.add(layer + "self_attn.q_norm.weight", {a.head_size});
    list.add(layer + "self_attn.k_norm.weight", {a.head_size});
  }
}

void add_block(TensorList& list, const Architecture& a, const std::string& block) {
  list.add(block + "gate_proj.weight", {a.intermediate_size, a.hidden_size});
  list.add(block + "up_proj.weight", {a.intermediate_size, a.hidden_size});
  list.add(block + "down_proj.weight", {a.hidden_size, a.intermediate_size});
}

}  // namespace

std::span<const Architecture> architectures() {
  return kArchitectures;
}

Result<Architecture> find_architecture(std::string_view id) {
  std::vector<std::string> known;
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.id == id) return architecture;
    known.emplace_back(architecture.id);
  }
  return fail(Status::invalid_option, fmt::format("no model \"{}\" to be like{}", id, suggestion(id, known)));
}

std::vector<TensorShape> tensors_of(const Architecture& a, uint64_t layers) {
  TensorList list;
  list.add("model.embed_tokens.weight", {a.vocabulary_size, a.hidden_size});
  for (uint64_t number = 0; number < layers; ++number) {
    const std::string layer = fmt::format("model.layers.{}.", number);
    add_attention(list, a, layer);
    if (a.experts == 0) {
      add_block(list, a, layer + "mlp.");
    } else {
      list.add(layer + "mlp.gate.weight", {a.experts, a.hidden_size});
      for (uint64_t expert = 0; expert < a.experts; ++expert) {
        add_block(list, a, fmt::format("{}mlp.experts.{}.", layer, expert));
      }
    }
    list.add(layer + "input_layernorm.weight", {a.hidden_size});
    list.add(layer + "post_attention_layernorm.weight", {a.hidden_size});
  }
  list.add("model.norm.weight", {a.hidden_size});
  if (!a.tied_embeddings) list.add("lm_head.weight", {a.vocabulary_size, a.hidden_size});
  return std::move(list.tensors);
}

}  // namespace coldload
