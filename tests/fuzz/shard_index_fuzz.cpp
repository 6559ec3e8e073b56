// An index is either refused with a message, or its entries name shards it has.
#include <cstdlib>
#include <string_view>

#include "core/model/index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto index = coldload::parse_index({reinterpret_cast<const char*>(data), size});
  if (!index) {
    if (index.error().message.empty()) std::abort();
    return 0;
  }
  for (const auto& entry : index->weight_map) {
    if (entry.shard >= index->shards.size()) std::abort();
    if (index->shards[entry.shard].find('/') != std::string::npos) std::abort();
  }
  return 0;
}
