#include "core/run/request.hpp"

#include <array>
#include <utility>

namespace coldload {
namespace {

constexpr std::array<std::pair<Operation, std::string_view>, 7> kOperations = {{
    {Operation::run, "run"},
    {Operation::survey, "survey"},
    {Operation::probe, "probe"},
    {Operation::stage, "stage"},
    {Operation::rehearse_stage, "rehearse_stage"},
    {Operation::discard, "discard"},
    {Operation::diagnose, "diagnose"},
}};

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Status::internal, "the worker's request has no valid " + std::string(what));
}

json::array options_to_json(const EffectiveOptions& options) {
  json::array out;
  for (const EffectiveOption& option : options) {
    json::array items;
    for (const std::string& item : option.items) items.push_back(json::value(item));
    out.push_back(json::object{{"name", option.name},
                               {"type", option.type},
                               {"written", option.source == OptionSource::written},
                               {"shown", option.shown},
                               {"integer", option.integer},
                               {"quantity", option.quantity},
                               {"real", json::number(option.real)},
                               {"text", option.text},
                               {"items", std::move(items)}});
  }
  return out;
}

EffectiveOptions options_from_json(const json::array* from) {
  EffectiveOptions options;
  if (from == nullptr) return options;
  for (const json::value& element : *from) {
    const json::object* entry = element.if_object();
    if (entry == nullptr) continue;
    EffectiveOption option;
    option.name = json::text_or(*entry, "name");
    option.type = static_cast<uint32_t>(json::unsigned_or(*entry, "type"));
    option.source = json::bool_or(*entry, "written") ? OptionSource::written : OptionSource::default_value;
    option.shown = json::text_or(*entry, "shown");
    option.integer = json::integer_or(*entry, "integer");
    option.quantity = json::unsigned_or(*entry, "quantity");
    option.real = json::number_or(*entry, "real");
    option.text = json::text_or(*entry, "text");
    if (const json::array* items = json::array_at(*entry, "items")) {
      for (const json::value& item : *items) {
        if (item.is_string()) option.items.emplace_back(item.get_string());
      }
    }
    options.push_back(std::move(option));
  }
  return options;
}

std::vector<std::string> texts_from_json(const json::array* from) {
  std::vector<std::string> texts;
  if (from == nullptr) return texts;
  for (const json::value& element : *from) {
    if (element.is_string()) texts.emplace_back(element.get_string());
  }
  return texts;
}

json::array texts_to_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.push_back(json::value(text));
  return out;
}

json::array objects_to_json(const std::vector<ModelObject>& objects) {
  json::array out;
  for (const ModelObject& object : objects) {
    out.push_back(
        json::object{{"key", object.key}, {"name", object.name}, {"size_bytes", object.size_bytes}});
  }
  return out;
}

}  // namespace

json::value to_json(const WorkerRequest& request) {
  json::object out;
  for (const auto& [operation, name] : kOperations) {
    if (operation == request.operation) out["operation"] = name;
  }
  out["plugin_files"] = texts_to_json(request.plugin_files);
  out["base_directory"] = request.base_directory;
  json::array backend;
  for (const ComponentSpec& spec : request.backend) backend.push_back(to_json(spec));
  out["backend"] = std::move(backend);
  if (!request.strategy.component.empty()) out["strategy"] = to_json(request.strategy);
  out["model_path"] = request.model_path;
  out["destination"] = request.destination;
  if (request.destination_plugin) out["destination_plugin"] = to_json(*request.destination_plugin);
  out["cache"] = to_string(request.cache);
  out["items"] = objects_to_json(request.items);
  out["synthetic"] = request.synthetic;
  out["verify"] = request.verify;
  out["disturb"] = request.disturb;
  out["drop_caches"] = request.drop_caches;
  out["quiet"] = request.quiet;
  out["mincore"] = request.residency == ResidencyBy::mincore;
  out["pool_bytes"] = request.pool_bytes;
  if (request.max_bandwidth) out["max_bandwidth"] = *request.max_bandwidth;
  return out;
}

Result<WorkerRequest> worker_request_from_json(const json::value& document) {
  const json::object* from = document.if_object();
  if (from == nullptr) return malformed("object");
  WorkerRequest request;
  bool known = false;
  for (const auto& [operation, name] : kOperations) {
    if (name != json::text_or(*from, "operation")) continue;
    request.operation = operation;
    known = true;
  }
  if (!known) return malformed("operation");
  request.plugin_files = texts_from_json(json::array_at(*from, "plugin_files"));
  request.base_directory = json::text_or(*from, "base_directory");
  const json::array* backend = json::array_at(*from, "backend");
  if (backend == nullptr) return malformed("backend");
  for (const json::value& element : *backend) {
    auto spec = component_spec_from_json(element);
    if (!spec) return pass(spec);
    request.backend.push_back(std::move(*spec));
  }
  const bool needs_strategy = request.operation == Operation::run ||
                              (request.operation == Operation::diagnose && request.backend.empty());
  const json::value* strategy = from->if_contains("strategy");
  if (strategy == nullptr && needs_strategy) return malformed("strategy");
  if (strategy != nullptr) {
    auto spec = component_spec_from_json(*strategy);
    if (!spec) return pass(spec);
    request.strategy = std::move(*spec);
  }
  request.model_path = json::text_or(*from, "model_path");
  request.destination = json::text_or(*from, "destination");
  if (const json::value* plugin = from->if_contains("destination_plugin")) {
    auto spec = component_spec_from_json(*plugin);
    if (!spec) return pass(spec);
    request.destination_plugin = std::move(*spec);
  }
  const auto cache = cache_state_from(json::text_or(*from, "cache"));
  if (!cache) return malformed("cache");
  request.cache = *cache;
  if (const json::array* items = json::array_at(*from, "items")) {
    for (const json::value& element : *items) {
      const json::object* item = element.if_object();
      if (item == nullptr) return malformed("item");
      request.items.push_back({std::string(json::text_or(*item, "key")),
                               std::string(json::text_or(*item, "name")),
                               json::unsigned_or(*item, "size_bytes"), true});
    }
  }
  request.synthetic = json::bool_or(*from, "synthetic");
  request.verify = json::bool_or(*from, "verify");
  request.disturb = json::bool_or(*from, "disturb");
  request.drop_caches = json::bool_or(*from, "drop_caches");
  request.quiet = json::bool_or(*from, "quiet", true);
  request.residency = json::bool_or(*from, "mincore") ? ResidencyBy::mincore : ResidencyBy::best;
  request.pool_bytes = json::unsigned_or(*from, "pool_bytes");
  if (from->contains("max_bandwidth")) request.max_bandwidth = json::unsigned_or(*from, "max_bandwidth");
  return request;
}

json::value to_json(const Survey& survey) {
  json::object out;
  json::array objects;
  for (const ListedObject& object : survey.objects)
    objects.push_back(json::array{object.key, object.size_bytes});
  out["objects"] = std::move(objects);
  out["model_path"] = survey.model_path;
  out["backend_options"] = options_to_json(survey.backend_options);
  out["strategy_options"] = options_to_json(survey.strategy_options);
  out["emulated"] = survey.emulated;
  out["synthetic"] = survey.synthetic;
  out["external"] = survey.external;
  out["stages"] = survey.stages;
  out["capabilities"] = survey.capabilities;
  out["needs_capabilities"] = survey.needs_capabilities;
  out["open_flags"] = survey.open_flags;
  out["buffer_bytes"] = survey.buffer_bytes;
  out["buffers_in_flight"] = survey.buffers_in_flight;
  out["memory_alignment_bytes"] = survey.memory_alignment_bytes;
  out["thread_count"] = survey.thread_count;
  out["own_time_ns"] = survey.own_time_ns;
  out["missing_extensions"] = texts_to_json(survey.missing_extensions);
  if (survey.unsupported) out["unsupported"] = *survey.unsupported;
  return out;
}

Result<Survey> survey_from_json(const json::value& document) {
  const json::object* from = document.if_object();
  const json::array* objects = from == nullptr ? nullptr : json::array_at(*from, "objects");
  if (objects == nullptr) return fail(Status::internal, "the worker's survey lists no objects");
  Survey survey;
  survey.model_path = json::text_or(*from, "model_path");
  for (const json::value& element : *objects) {
    const json::array* pair = element.if_array();
    boost::system::error_code error;
    if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string()) {
      return fail(Status::internal, "the worker's survey has a malformed object");
    }
    survey.objects.push_back({std::string((*pair)[0].get_string()), (*pair)[1].to_number<uint64_t>(error)});
  }
  survey.backend_options = options_from_json(json::array_at(*from, "backend_options"));
  survey.strategy_options = options_from_json(json::array_at(*from, "strategy_options"));
  survey.emulated = json::bool_or(*from, "emulated");
  survey.synthetic = json::bool_or(*from, "synthetic");
  survey.external = json::bool_or(*from, "external");
  survey.stages = json::bool_or(*from, "stages");
  survey.capabilities = static_cast<uint32_t>(json::unsigned_or(*from, "capabilities"));
  survey.needs_capabilities = static_cast<uint32_t>(json::unsigned_or(*from, "needs_capabilities"));
  survey.open_flags = static_cast<uint32_t>(json::unsigned_or(*from, "open_flags"));
  survey.buffer_bytes = json::unsigned_or(*from, "buffer_bytes");
  survey.buffers_in_flight = static_cast<uint32_t>(json::unsigned_or(*from, "buffers_in_flight"));
  survey.memory_alignment_bytes =
      static_cast<uint32_t>(json::unsigned_or(*from, "memory_alignment_bytes", 1));
  survey.thread_count = static_cast<uint32_t>(json::unsigned_or(*from, "thread_count"));
  survey.own_time_ns = json::unsigned_or(*from, "own_time_ns");
  survey.missing_extensions = texts_from_json(json::array_at(*from, "missing_extensions"));
  if (from->contains("unsupported")) survey.unsupported = std::string(json::text_or(*from, "unsupported"));
  return survey;
}

}  // namespace coldload
