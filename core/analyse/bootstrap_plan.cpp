#include "core/analyse/bootstrap_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/analyse/engine.hpp"
#include "core/analyse/policy.hpp"
#include "core/analyse/words.hpp"

namespace coldload {
namespace {

constexpr uint64_t kReadyTimeoutNs = 600'000'000'000;
constexpr uint64_t kReserveBytes = uint64_t{1} << 30;
// Below the target's root, so that copies never meet files that lie there already.
constexpr std::string_view kCopiesFolder = "coldload-models";

std::string joined(std::string_view directory, std::string_view path) {
  if (path.empty()) return std::string(directory);
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", path);
}

std::string last_part(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

// A name for a folder: anything unusual in it is a '-'.
std::string folder_name(std::string text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  for (char& letter : text) {
    if (!kPlain.contains(letter)) letter = '-';
  }
  if (text.empty() || text.starts_with('.')) text.insert(0, "model-");
  return text;
}

bool is_url(std::string_view location) {
  return location.find("://") != std::string_view::npos;
}

// "endpoint=http://h:9000": what a scenario says of a backend besides its URL. Whose credentials are taken is
// the node's matter, and a profile's name is one of the machine that measured.
std::vector<std::string> written_options(const json::object& options) {
  std::vector<std::string> written;
  for (const auto& [name, value] : options) {
    const json::object* entry = value.if_object();
    if (entry == nullptr || name == "url" || name == "profile") continue;
    if (json::text_or(*entry, "source") != "scenario") continue;
    written.push_back(fmt::format("{}={}", std::string_view(name), json::text_or(*entry, "written")));
  }
  return written;
}

// As the cases that read from the backend record them; none where there are none, or where they differ, as
// with a swept option.
std::optional<std::vector<std::string>> written_options_of(const ResultDocument& document,
                                                           std::string_view backend) {
  std::optional<std::vector<std::string>> written;
  for (const CaseRecord& record : document.cases) {
    const json::object* options = json::object_at(record.options, "backend");
    // A backend that could not be made has no effective options.
    if (record.backend != backend || options == nullptr || options->empty()) continue;
    auto here = written_options(*options);
    if (written && *written != here) return std::nullopt;
    written = std::move(here);
  }
  return written;
}

const json::object* mount_of_backend(const ResultDocument& document, std::string_view backend) {
  const json::array* mounts = json::array_at(document.environment, "mounts");
  if (mounts == nullptr) return nullptr;
  for (const json::value& element : *mounts) {
    const json::object* mount = element.if_object();
    if (mount != nullptr && json::text_or(*mount, "backend") == backend) return mount;
  }
  return nullptr;
}

class Planner {
 public:
  Planner(const ResultDocument& document, const Decision& decision)
      : document_(document), decision_(decision) {}

  BootstrapPlan plan(const std::string& run_id) {
    plan_.home = decision_.home;
    plan_.scenario = json::text_or(document_.scenario, "name");
    plan_.run_id = run_id;
    plan_.model_bytes = json::unsigned_or(document_.scenario, "model_bytes");
    plan_.prewarm = decision_.prewarm;
    add_service();
    const BackendRecord* backend = backend_of_home();
    if (backend == nullptr) {
      plan_.not_possible = "the document does not say where the model lies";
      return std::move(plan_);
    }
    plan_.model_name = folder_name(last_part(joined(backend->location, backend->model_path)));
    if (decision_.home == Home::staged) {
      add_copy(*backend);
    } else {
      read_in_place(*backend);
    }
    add_engine_flags();
    return std::move(plan_);
  }

 private:
  void add_service() {
    const json::object* service = json::object_at(document_.scenario, "service");
    plan_.ready_timeout_ns = kReadyTimeoutNs;
    if (service == nullptr) return;
    if (const json::array* argv = json::array_at(*service, "argv")) {
      for (const json::value& argument : *argv) {
        if (argument.is_string()) plan_.argv.emplace_back(argument.get_string());
      }
    }
    plan_.port = static_cast<uint32_t>(json::unsigned_or(*service, "port"));
    plan_.health = json::text_or(*service, "health");
    plan_.ready_timeout_ns = json::unsigned_or(*service, "ready_timeout_ns", kReadyTimeoutNs);
  }

  // Where nothing is decided: where the model lies in a directory, a disk before a network.
  [[nodiscard]] const BackendRecord* backend_of_home() const {
    if (decision_.steady != nullptr) return document_.backend(decision_.steady->record->backend);
    const BackendRecord* best = nullptr;
    for (const BackendRecord& backend : document_.backends) {
      const bool plain = backend.storage == StorageKind::local_disk || is_network(backend.storage);
      if (!plain || backend.emulated || !backend.location.starts_with('/')) continue;
      if (best == nullptr || (backend.storage == StorageKind::local_disk && is_network(best->storage))) {
        best = &backend;
      }
    }
    return best;
  }

  void add_copy(const BackendRecord& staged) {
    const BackendRecord* source = document_.backend(staged.built_on_as("source"));
    const BackendRecord* target = document_.backend(staged.built_on_as("target"));
    if (source == nullptr || target == nullptr || source->location.empty() || target->location.empty()) {
      plan_.not_possible = "the document does not say from where to where the model was copied";
      return;
    }
    plan_.source = joined(source->location, staged.model_path);
    plan_.source_is_url = is_url(source->location);
    if (plan_.source_is_url) add_source_options(source->name);
    plan_.target_root = joined(target->location, kCopiesFolder);
    plan_.reserve_bytes = kReserveBytes;
    plan_.copy_ns = static_cast<uint64_t>(decision_.staged.copy_s.value_or(0) * 1e9);
    const json::value* reserve = option_value(*decision_.steady->record, "backend", "reserve");
    if (reserve != nullptr && reserve->is_number()) plan_.reserve_bytes = reserve->to_number<uint64_t>();
    // The target alone: a restart from the copy must not depend on the network being there.
    expect_mount(target->name, target->location);
    add_read_ahead(target->name);
    plan_.reasons.push_back(
        {fmt::format("restarts read the copy: {} each", seconds_in_words(decision_.steady->cold_load.median)),
         {decision_.steady->record->id}});
    if (decision_.staged.first_start != nullptr) {
      plan_.reasons.push_back({fmt::format("the first start copies: {}",
                                           seconds_in_words(decision_.staged.first_start->cold_load.median)),
                               {decision_.staged.first_start->record->id}});
    }
  }

  void add_source_options(const std::string& source) {
    auto written = written_options_of(document_, source);
    if (written) {
      plan_.source_options = std::move(*written);
      return;
    }
    plan_.reasons.push_back(
        {fmt::format("of backend {} no case, or cases with different options, were measured: what the source "
                     "needs beside its URL has to be put into SOURCE_OPTIONS below",
                     source),
         {"cases"}});
  }

  void read_in_place(const BackendRecord& backend) {
    if (backend.location.empty() || is_url(backend.location)) {
      plan_.not_possible = fmt::format(
          "the weights are best read from {}, which no directory leads to: a service that opens files cannot "
          "read them there",
          backend.location.empty() ? backend.name : backend.location);
      return;
    }
    plan_.model_directory = joined(backend.location, backend.model_path);
    expect_mount(backend.name, plan_.model_directory);
    // Without a figure that holds there is no setting to keep for it.
    if (decision_.steady == nullptr) {
      plan_.reasons.push_back(
          {"no measurement supports a layout: this changes nothing and checks what is there", {"cases"}});
      return;
    }
    add_read_ahead(backend.name);
    plan_.reasons.push_back({fmt::format("a start reads them where they lie: {} each",
                                         seconds_in_words(decision_.steady->cold_load.median)),
                             {decision_.steady->record->id}});
  }

  void expect_mount(const std::string& backend, const std::string& directory) {
    const json::object* mount = mount_of_backend(document_, backend);
    if (mount == nullptr) return;
    plan_.mounts.push_back({directory, std::string(json::text_or(*mount, "path")),
                            std::string(json::text_or(*mount, "type")),
                            std::string(json::text_or(*mount, "source"))});
  }

  void add_read_ahead(const std::string& backend) {
    const json::object* mount = mount_of_backend(document_, backend);
    if (mount == nullptr || !mount->contains("read_ahead_bytes")) return;
    plan_.read_ahead_device = json::text_or(*mount, "device");
    if (!plan_.read_ahead_device.empty())
      plan_.read_ahead_bytes = json::unsigned_or(*mount, "read_ahead_bytes");
  }

  void add_engine_flags() {
    if (decision_.engine == nullptr || !leaves_the_loader_open(document_)) return;
    plan_.engine_flags = engine_flags_of(*decision_.engine->record);
    plan_.reasons.push_back({fmt::format("of the loaders the engine has, this one was the fastest here: {}",
                                         seconds_in_words(decision_.engine->cold_load.median)),
                             {decision_.engine->record->id}});
  }

  const ResultDocument& document_;
  const Decision& decision_;
  BootstrapPlan plan_;
};

}  // namespace

BootstrapPlan plan_bootstrap(const ResultDocument& document, const Decision& decision,
                             const std::string& run_id) {
  BootstrapPlan plan = Planner(document, decision).plan(run_id);
  if (plan.not_possible.empty() && plan.prewarm && decision.prewarm_saves_s) {
    plan.reasons.push_back(
        {fmt::format("a load from a filled page cache takes {} less; filling it takes one cold read first",
                     seconds_in_words(*decision.prewarm_saves_s)),
         {decision.warm->record->id, decision.steady->record->id}});
  }
  const bool weights_only = !decision.engine_start.seconds;
  for (const PolicyVerdict& verdict : decision.verdicts) {
    plan.reasons.push_back(
        {fmt::format("the {} limit of {} is {} with {} at {}{}", tier_in_words(verdict.tier),
                     seconds_in_words(verdict.allowed_s), verdict.met ? "met" : "missed",
                     seconds_in_words(verdict.ready_s), verdict.first_start ? "a first start" : "a restart",
                     weights_only ? "; weights only: the engine's own start is not known" : ""),
         {verdict.by->record->id, "scenario.policy"}});
  }
  return plan;
}

}  // namespace coldload
