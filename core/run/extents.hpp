// The tensors of a shard, as its header places them.
#pragma once

#include <vector>

#include "core/model/safetensors.hpp"
#include "core/plan/plan.hpp"
#include "core/plugin/instance.hpp"

namespace coldload {

// Opens the shard, reads its header and nothing more. A synthetic one has no header: one extent, all of it.
// Errors: integrity (another size than was planned), what opening, reading and the header give.
// [control-thread]
[[nodiscard]] Result<std::vector<Extent>> read_extents(const Backend& backend, const ModelObject& item,
                                                       bool synthetic);

}  // namespace coldload
