#include "core/run/diagnose.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "coldload/ext/diagnose.h"
#include "core/base/units.hpp"
#include "core/plugin/instance.hpp"
#include "core/record/environment.hpp"
#include "core/run/survey.hpp"
#include "core/run/warm.hpp"
#include "core/scenario/components.hpp"

namespace coldload {
namespace {

FactLevel level_of(uint32_t level) {
  if (level == COLDLOAD_DIAGNOSIS_OK) return FactLevel::ok;
  return level == COLDLOAD_DIAGNOSIS_WARNING ? FactLevel::warning : FactLevel::error;
}

void add(Facts& facts, const std::string& subject, const std::vector<ComponentDiagnosis>& told) {
  for (const ComponentDiagnosis& each : told) {
    facts.push_back({subject, level_of(each.level), each.fact, each.cause, each.fix});
  }
}

Fact not_created(const std::string& subject, const ComponentSpec& spec, const Error& error) {
  return {
      subject, FactLevel::error, "cannot be created", error.message,
      fmt::format("mend what the message names; `coldload describe {}` has every option", spec.component)};
}

std::string subject_of(const Backend& backend) {
  return "backend " + backend.name();
}

// Those it is built on are asked before it: what they find out of their server serves its own questions too.
void add_own_words(Facts& facts, const Backend& backend, const std::string& model_path) {
  Facts below;
  for (const auto& inner : backend.inner()) add_own_words(below, *inner, model_path);
  add(facts, subject_of(backend), backend.diagnose(model_path));
  facts.insert(facts.end(), below.begin(), below.end());
}

// Whether `coldload provision` could put a model there: directories it writes to, URLs it does not.
bool can_be_provisioned(const BackendChain& chain) {
  bool directory = false;
  for (const ComponentSpec& spec : chain) {
    const Member* place = place_option(spec);
    if (place != nullptr && place->key == "url") return false;
    directory = directory || place != nullptr;
  }
  return directory;
}

Fact no_model(const std::string& subject, const std::string& what, const std::string& place,
              const WorkerRequest& request, const Error& error) {
  if (error.status != Status::not_found) {
    return {subject, FactLevel::error, what + ": cannot be listed" + place, error.message,
            "mend what the cause names, then ask again"};
  }
  return {subject, FactLevel::error, what + ": not found" + place, error.message,
          can_be_provisioned(request.backend)
              ? "put it there (`coldload provision FILE`), or correct [model] path"
              : "upload it with the storage's own tools, or correct url and [model] path"};
}

void add_model(Facts& facts, const Backend& backend, const WorkerRequest& request) {
  const std::string subject = subject_of(backend);
  const auto model = find_model(backend, request.model_path);
  const std::string shown =
      request.model_path.empty() ? "in the root" : fmt::format("\"{}\"", request.model_path);
  const auto place = model_place(request.backend.back(), request.base_directory, request.model_path);
  const std::string whole = place ? fmt::format(" in {}", *place) : "";
  if (!model) {
    facts.push_back(no_model(subject, fmt::format("model {}", shown), whole, request, model.error()));
    return;
  }
  const coldload_model_size size = size_of(*model);
  if (size.item_count == 0) {
    facts.push_back({subject, FactLevel::error, fmt::format("model {}: no *.safetensors{}", shown, whole),
                     fmt::format("{} objects lie there, none is a shard", model->objects.size()),
                     "name the directory that holds the shards in [model] path"});
    return;
  }
  facts.push_back({subject, FactLevel::ok,
                   fmt::format("model {}: {} shard{}, {}", shown, size.item_count,
                               size.item_count == 1 ? "" : "s", format_bytes_decimal(size.total_bytes)),
                   "", ""});
  const MemoryHeadroom memory = memory_headroom();
  facts.push_back(memory_fact(subject, {size.total_bytes, memory.bytes, memory.source,
                                        request.cache == CacheState::warm, request.destination == "host"}));
}

Facts diagnose_backend(const WorkerRequest& request, const Registry& registry, const HostServices& host) {
  const ComponentSpec& outermost = request.backend.back();
  const std::string subject = "backend " + outermost.name;
  const auto backend = Backend::create(registry, request.backend, request.base_directory, host);
  if (!backend) return {not_created(subject, outermost, backend.error())};
  Facts facts = {
      {subject, FactLevel::ok, fmt::format("plugin {}: options valid", outermost.component), "", ""}};
  // Asked first and told last: a diagnosis waits less for a server that does not answer than a listing does.
  Facts own_words;
  add_own_words(own_words, **backend, request.model_path);
  add_model(facts, **backend, request);
  facts.insert(facts.end(), own_words.begin(), own_words.end());
  return facts;
}

Facts diagnose_strategy(const WorkerRequest& request, const Registry& registry, const HostServices& host) {
  const std::string subject = "strategy " + request.strategy.name;
  const auto strategy = Strategy::create(registry, request.strategy, request.base_directory, host);
  if (!strategy) return {not_created(subject, request.strategy, strategy.error())};
  Facts facts = {
      {subject, FactLevel::ok, fmt::format("plugin {}: options valid", request.strategy.component), "", ""}};
  add(facts, subject, (*strategy)->diagnose());
  return facts;
}

}  // namespace

Fact memory_fact(const std::string& subject, const MemoryNeed& need) {
  const std::string sizes =
      fmt::format("{} against {} of memory ({})", format_bytes_decimal(need.model_bytes),
                  format_bytes_decimal(need.ram_bytes), need.ram_source);
  const double share = static_cast<double>(need.model_bytes) / static_cast<double>(need.ram_bytes);
  const char* const fix = "load a part of it ([run] sample), leave these cases out, or give it more memory";
  if (need.host && share > 1) {
    return {subject, FactLevel::error, "the model does not fit into memory: " + sizes,
            "destination \"host\" keeps all of it in buffers, so its cases are skipped", fix};
  }
  if (need.warm && share > kWarmShareOfMemory) {
    return {subject, FactLevel::warning, "the model is too large to be warm: " + sizes,
            fmt::format("warm cases are skipped above {} of the memory", kWarmShareOfMemory), fix};
  }
  if (share > kWarmShareOfMemory) {
    return {subject, FactLevel::ok,
            "larger than memory allows to keep, which no case here asks for: " + sizes, "", ""};
  }
  return {subject, FactLevel::ok, "fits into memory: " + sizes, "", ""};
}

Facts diagnose(const WorkerRequest& request, const Registry& registry, const HostServices& host) {
  return request.backend.empty() ? diagnose_strategy(request, registry, host)
                                 : diagnose_backend(request, registry, host);
}

}  // namespace coldload
