// What objects below a prefix will offer, found by opening them: the probe() of a backend whose objects may
// differ.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/host.hpp"

namespace coldload::sdk {

[[nodiscard]] inline bool is_weights(std::string_view key) noexcept {
  constexpr std::string_view kSuffix = ".safetensors";
  return key.size() > kSuffix.size() &&
         key.compare(key.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

// What all weights below `prefix` offer in common; of all objects where there are no weights, as in a
// directory of samples. `source` has list() and open() as Backend has them; `shown` names the place in the
// COLDLOAD_NOT_FOUND of one that holds nothing.
template <typename Source>
[[nodiscard]] coldload_object_info probe_by_opening(Source& source, const Host& host,
                                                    const std::string& shown, const std::string& prefix,
                                                    uint32_t open_flags) {
  std::vector<std::string> weights;
  std::vector<std::string> others;
  source.list(prefix, [&](const std::string& key, uint64_t /*size_bytes*/) {
    (is_weights(key) ? weights : others).push_back(key);
  });
  const std::vector<std::string>& keys = weights.empty() ? others : weights;
  if (keys.empty()) throw Failure(COLDLOAD_NOT_FOUND, shown + ": no file in it to try");
  coldload_object_info common = empty_object_info();
  common.capabilities = ~0u;
  for (const std::string& key : keys) {
    host.throw_if_cancelled();
    coldload_object_info info = empty_object_info();
    const std::unique_ptr<Object> object = source.open(key, open_flags, info);
    common.capabilities &= info.capabilities;
    common.memory_alignment_bytes = std::max(common.memory_alignment_bytes, info.memory_alignment_bytes);
    common.offset_alignment_bytes = std::max(common.offset_alignment_bytes, info.offset_alignment_bytes);
  }
  return common;
}

}  // namespace coldload::sdk
