#include "core/run/survey.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/model/directory.hpp"
#include "core/plugin/instance.hpp"
#include "core/run/whole_model.hpp"

namespace coldload {
namespace {

// The snapshot that a cache entry's refs/main names, or nothing.
std::string main_revision(const Backend& backend, const std::string& model_path) {
  auto object = backend.open(model_path + "/refs/main", 0);
  if (!object) return {};
  std::string text(std::min<uint64_t>((*object)->info().size_bytes, 256), '\0');
  if (text.empty() || !(*object)->read_at(0, text.data(), text.size())) return {};
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  return text;
}

// Hugging Face's cache layout: models--org--name/{blobs,refs,snapshots/<revision>}. The model is one
// snapshot.
Result<std::string> resolve_snapshot(const Backend& backend, const std::string& model_path,
                                     const std::vector<ListedObject>& objects) {
  const std::string below = model_path.empty() ? "snapshots/" : model_path + "/snapshots/";
  std::set<std::string> revisions;
  for (const ListedObject& object : objects) {
    if (!object.key.starts_with(below) || !object.key.ends_with(".safetensors")) continue;
    const size_t end = object.key.find('/', below.size());
    if (end != std::string::npos) revisions.insert(object.key.substr(below.size(), end - below.size()));
  }
  if (revisions.empty()) return model_path;
  const std::string main = main_revision(backend, model_path);
  if (revisions.contains(main)) return below + main;
  if (revisions.size() == 1) return below + *revisions.begin();
  std::string names;
  for (const std::string& revision : revisions) names += (names.empty() ? "" : ", ") + revision;
  return fail(Status::invalid_option, model_path + ": holds several snapshots (" + names +
                                          ") and no refs/main: name one in [model] path");
}

// Shards lie directly in the model's directory; what is deeper belongs to something else.
bool is_item(const ListedObject& object, const std::string& model_path) {
  const size_t lead = model_path.empty() ? 0 : model_path.size() + 1;
  return object.key.ends_with(".safetensors") && object.key.find('/', lead) == std::string::npos;
}

bool holds_items(const std::vector<ListedObject>& objects, const std::string& model_path) {
  return std::ranges::any_of(objects,
                             [&](const ListedObject& object) { return is_item(object, model_path); });
}

}  // namespace

Result<FoundModel> find_model(const Backend& backend, const std::string& model_path) {
  auto objects = backend.list(model_path);
  if (!objects) return pass(objects);
  FoundModel found{model_path, std::move(*objects)};
  if (holds_items(found.objects, model_path)) return found;
  auto resolved = resolve_snapshot(backend, model_path, found.objects);
  if (!resolved) return pass(resolved);
  if (*resolved == model_path) return found;
  objects = backend.list(*resolved);
  if (!objects) return pass(objects);
  return FoundModel{std::move(*resolved), std::move(*objects)};
}

coldload_model_size size_of(const FoundModel& model) {
  coldload_model_size size{};
  size.struct_size = sizeof size;
  for (const ListedObject& object : model.objects) {
    if (!is_item(object, model.path)) continue;
    ++size.item_count;
    size.total_bytes += object.size_bytes;
    size.largest_item_bytes = std::max(size.largest_item_bytes, object.size_bytes);
  }
  return size;
}

namespace {

// What the backend alone says.
Result<Survey> list_model(const Backend& backend, const std::string& model_path) {
  Survey survey;
  survey.backend_options = backend.options();
  survey.emulated = backend.has_flag(COLDLOAD_COMPONENT_EMULATED);
  survey.synthetic = backend.has_flag(COLDLOAD_COMPONENT_SYNTHETIC);
  survey.stages = backend.stages();
  auto found = find_model(backend, model_path);
  if (!found) return pass(found);
  survey.model_path = std::move(found->path);
  survey.objects = std::move(found->objects);
  return survey;
}

}  // namespace

Result<Survey> take_survey(const WorkerRequest& request, const Registry& registry, const HostServices& host) {
  auto backend = Backend::create(registry, request.backend, request.base_directory, host);
  if (!backend) return pass(backend);
  if (request.strategy.component.empty()) {
    auto listed = list_model(**backend, request.model_path);
    if (!listed) return listed;
    if (auto whole = check_whole(**backend, {listed->model_path, listed->objects}); !whole)
      return pass(whole);
    return listed;
  }
  auto strategy = Strategy::create(registry, request.strategy, request.base_directory, host);
  if (!strategy) return pass(strategy);
  auto listed = list_model(**backend, request.model_path);
  if (!listed) return listed;
  Survey survey = std::move(*listed);
  survey.strategy_options = (*strategy)->options();
  survey.external = ((*strategy)->component().table->flags & COLDLOAD_COMPONENT_EXTERNAL) != 0;
  const FoundModel model{survey.model_path, survey.objects};
  if (auto whole = check_whole(**backend, model); !whole) return pass(whole);
  const coldload_model_size size = size_of(model);

  const auto needs = (*strategy)->requirements(size);
  if (!needs) {
    if (needs.error().status != Status::unsupported) return pass(needs);
    survey.unsupported = needs.error().message;
    return survey;
  }
  survey.needs_capabilities = needs->capabilities;
  survey.open_flags = needs->open_flags;
  survey.buffer_bytes = needs->buffer_bytes;
  survey.buffers_in_flight = needs->buffers_in_flight;
  survey.thread_count = needs->thread_count;
  survey.own_time_ns = needs->own_time_ns;
  survey.memory_alignment_bytes = std::max<uint32_t>(needs->memory_alignment_bytes, 1);
  if (needs->extensions != nullptr) {
    for (const char* const* id = needs->extensions; *id != nullptr; ++id) {
      if ((*backend)->extension(*id) == nullptr) survey.missing_extensions.emplace_back(*id);
    }
  }
  const auto offered = (*backend)->probe(survey.model_path, needs->open_flags);
  if (!offered) {
    if (offered.error().status != Status::unsupported) return pass(offered);
    survey.unsupported = offered.error().message;
    return survey;
  }
  survey.capabilities = offered->capabilities;
  survey.memory_alignment_bytes = std::max(
      {survey.memory_alignment_bytes, offered->memory_alignment_bytes, offered->offset_alignment_bytes});
  return survey;
}

}  // namespace coldload
