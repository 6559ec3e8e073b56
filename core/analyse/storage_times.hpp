// Which cases stand for each kind of storage.
#pragma once

#include <optional>
#include <vector>

#include "core/analyse/decision.hpp"

namespace coldload {

enum class StorageMode : uint8_t { disk, network, staged };

// The kind of storage that a case reads from counts as one of three; nothing for memory, made-up bytes and
// storage of an unknown kind.
[[nodiscard]] std::optional<StorageMode> storage_mode_of(const ResultDocument& document,
                                                         const CaseRecord& record);

// Whether a case's median may stand for its storage: measured, proved, with runs enough for a verdict, real
// bytes moved to this process, and as many as any other case moved.
[[nodiscard]] bool is_ranked(const CaseAnalysis& analysis, uint64_t model_bytes);

// Of all that is ranked: the most bytes that a case loads. Cases that load fewer are not comparable.
[[nodiscard]] uint64_t ranked_bytes(const std::vector<CaseAnalysis>& analyses);

// The fastest ranked case of each cache state. Of staged, the restart is of the same backend as the first
// start, so that the two belong to one copy.
[[nodiscard]] StorageTimes storage_times(const ResultDocument& document,
                                         const std::vector<CaseAnalysis>& analyses, StorageMode mode);

}  // namespace coldload
