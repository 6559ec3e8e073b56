// What a backend and a strategy say about themselves and the model, for the planner. Reads no model data
// beyond the index and, for a Hugging Face cache entry, the small file that names its snapshot.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plan/plan.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/instance.hpp"
#include "core/plugin/registry.hpp"
#include "core/run/request.hpp"

namespace coldload {

// The model's directory and everything below it; of a Hugging Face cache entry its snapshot. [control-thread]
struct FoundModel {
  std::string path;
  std::vector<ListedObject> objects;
};
[[nodiscard]] Result<FoundModel> find_model(const Backend& backend, const std::string& model_path);
// Of its shards.
[[nodiscard]] coldload_model_size size_of(const FoundModel& model);

// Errors (integrity): a model that is not whole, see check_whole(). [control-thread]
[[nodiscard]] Result<Survey> take_survey(const WorkerRequest& request, const Registry& registry,
                                         const HostServices& host);

}  // namespace coldload
