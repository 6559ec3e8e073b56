#include "core/scaffold/sample_model.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "core/base/file.hpp"
#include "core/base/json.hpp"

namespace coldload {
namespace {

struct Shard {
  const char* file;
  const char* tensor;
  uint64_t rows;  // of 256 bytes each
};
// Neither of a size that is a multiple of a page.
constexpr std::array kShards = {Shard{"model-00001-of-00002.safetensors", "embed.weight", 8193},
                                Shard{"model-00002-of-00002.safetensors", "head.weight", 4001}};

// As https://github.com/huggingface/safetensors describes it: the header's length, the header, the data.
std::string shard_bytes(const Shard& shard) {
  const uint64_t data_bytes = shard.rows * 256;
  const json::object tensor{{"dtype", "BF16"},
                            {"shape", json::array{shard.rows, 128}},
                            {"data_offsets", json::array{0, data_bytes}}};
  std::string header = json::dump(json::object{{shard.tensor, tensor}});
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string bytes;
  for (unsigned shift = 0; shift < 64; shift += 8)
    bytes += static_cast<char>((header.size() >> shift) & 0xFFu);
  bytes += header;
  uint64_t state = shard.rows;
  for (uint64_t i = 0; i < data_bytes; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes += static_cast<char>(state >> 56);
  }
  return bytes;
}

}  // namespace

Result<void> write_sample_model(const std::filesystem::path& directory) {
  json::object map;
  uint64_t total = 0;
  for (const Shard& shard : kShards) {
    if (auto written = write_file_atomically(directory / shard.file, shard_bytes(shard)); !written)
      return written;
    map[shard.tensor] = shard.file;
    total += shard.rows * 256;
  }
  const json::object index{{"metadata", json::object{{"total_size", total}}}, {"weight_map", std::move(map)}};
  return write_file_atomically(directory / "model.safetensors.index.json", json::dump_pretty(index));
}

}  // namespace coldload
