// Every case a scenario's [[compare]] blocks could mean, before anything is asked of a backend.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/expand.hpp"
#include "core/scenario/scenario.hpp"

namespace coldload {

struct Candidate {
  std::string id;
  std::shared_ptr<const BackendVariant> backend;
  std::shared_ptr<const StrategyVariant> strategy;
  std::shared_ptr<const DestinationVariant> destination;
  CacheState cache = CacheState::cold;
  // Added by default, not by name: dropped where the backend turns out not to stage.
  bool only_if_staged = false;
  std::vector<size_t> comparisons;  // whose case it is; the first one's baseline is its own
};

// In the order of the blocks, and within one backend, strategy, destination, cache; equal ids are one case.
// Errors: an unknown name (with the nearest), sweeps or blocks of more than limits::kCasesMax.
[[nodiscard]] std::expected<std::vector<Candidate>, Diagnostics> candidate_cases(const Scenario& scenario,
                                                                                 const Registry& registry);

}  // namespace coldload
