// What a serving engine adds to the loading of its weights, and which of its own loaders a case stands for.
#pragma once

#include <string>
#include <vector>

#include "core/analyse/decision.hpp"

namespace coldload {

// The time to ready of an external case of the document, less what that program said its weights took; else
// the policy's engine_start; else nothing.
[[nodiscard]] EngineStart engine_start_of(const ResultDocument& document,
                                          const std::vector<CaseAnalysis>& analyses);

// The arguments by which vLLM loads as the case's strategy does; empty where it has no such loader. They are
// those of its LoadConfig (vllm/config/load.py): --safetensors-load-strategy lazy, eager and, in later
// versions, prefetch with its number of threads and block size.
[[nodiscard]] std::vector<std::string> engine_flags_of(const CaseRecord& record);

// Whether the scenario's service is vLLM and leaves it to the script how its weights are loaded.
[[nodiscard]] bool leaves_the_loader_open(const ResultDocument& document);

}  // namespace coldload
