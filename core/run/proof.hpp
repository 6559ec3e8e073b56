// Making a cache state and proving it. The host measures by itself on every object with a descriptor; a
// plugin's word counts only where there is none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/instance.hpp"
#include "core/record/record.hpp"
#include "core/run/pacer.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

using Objects = std::vector<std::unique_ptr<Object>>;

struct ResidencyReading {
  std::optional<double> share;  // of all objects' bytes; absent where it cannot be known
  std::string method;           // "cachestat", "mincore", "backend", "none"
  std::string why_unknown;
};

enum class ResidencyBy { best, mincore };

// How much of the objects lies in the page cache. Reads nothing. [control-thread]
[[nodiscard]] ResidencyReading measure_residency(const Objects& objects, ResidencyBy by);

// Makes the next read of every object cold, dirty pages written first. Objects without a local cache need
// nothing. Error (unsupported): an object that can neither be evicted nor does without a cache.
// [control-thread]
[[nodiscard]] Result<void> evict_all(const Objects& objects);

// Reads every object once through the page cache, at the pacer's rate, so that it is resident.
// [control-thread]
[[nodiscard]] Result<void> warm_all(const Objects& objects, Pacer& pacer);

struct ProofInputs {
  CacheState cache = CacheState::cold;
  bool no_local_cache = false;
  std::optional<std::string> hidden_cache;
  std::string unseen_below;  // what could not be looked at for one
  ResidencyReading before;
  ResidencyReading after;
  std::optional<uint64_t> device_bytes;
  std::string device_unknown;  // why there are none
  uint64_t model_bytes = 0;
  bool external = false;  // a program read, and device_bytes are of everything that it did
};

// The kind of proof and whether it holds, by docs/measurement.md. Pure.
[[nodiscard]] Proof judge_proof(const ProofInputs& inputs);

}  // namespace coldload
