// Small safetensors files for tests, written by hand: independent of the generator.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/directory.hpp"

namespace coldload {

// Length, header padded to 8 bytes, then `data_bytes` bytes.
inline std::string shard_file(std::string json, size_t data_bytes) {
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string file;
  for (size_t i = 0; i < 8; ++i) file += static_cast<char>(json.size() >> (8 * i));
  return file + json + std::string(data_bytes, 'x');
}

// A shard of these tensors, 4 bytes each.
inline std::string shard_of(const std::vector<std::string_view>& tensors) {
  std::string json = "{";
  size_t offset = 0;
  for (const auto name : tensors) {
    json += fmt::format(R"({}"{}":{{"dtype":"F32","shape":[1],"data_offsets":[{},{}]}})",
                        offset == 0 ? "" : ",", name, offset, offset + 4);
    offset += 4;
  }
  return shard_file(json + "}", offset);
}

// The header an inspection read, or a failure of the test and an empty one.
inline const ShardHeader& header_of(const InspectedShard& shard) {
  static const ShardHeader none;
  if (shard.header) return *shard.header;
  ADD_FAILURE() << shard.name << ": no header";
  return none;
}

}  // namespace coldload
