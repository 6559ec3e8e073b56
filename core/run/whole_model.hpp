// Whether a model is all there, before anything of it is measured or copied.
#pragma once

#include "core/base/result.hpp"
#include "core/model/directory.hpp"
#include "core/plugin/instance.hpp"
#include "core/run/survey.hpp"

namespace coldload {

// Holds a model to its index, where it has one, else to the numbers in its shards' names, and to the names in
// its directory, where its backend (or what that is built on) tells one: a shard that is named and missing,
// or is no file, would be left out unseen. Reads the index and no weights. Error (integrity): shards that are
// not there, by name; an index that is none; where every file is wanted, a link to nothing. [control-thread]
[[nodiscard]] Result<void> check_whole(const Backend& backend, const FoundModel& model,
                                       Wanted wanted = Wanted::shards);

}  // namespace coldload
