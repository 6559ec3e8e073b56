#include "core/run/provision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "core/model/generator.hpp"
#include "core/plan/expand.hpp"
#include "core/plan/objects.hpp"
#include "core/run/ask.hpp"
#include "core/run/provision_room.hpp"
#include "core/run/provision_scratch.hpp"
#include "core/scenario/components.hpp"

namespace coldload {
namespace {

Member option(const std::string& name, std::string text) {
  return {name, {}, Value{std::move(text), {}}};
}

std::string below(const std::string& place, const std::string& path) {
  return path.empty() ? place : fmt::format("{}/{}", place, path);
}

// The same backend, its keys beginning at the model.
std::optional<ComponentSpec> at_model(const ComponentSpec& spec, const std::string& model_path) {
  const Member* place = place_option(spec);
  if (place == nullptr) return std::nullopt;
  ComponentSpec moved = spec;
  moved.name = "provision-source";
  for (Member& member : moved.options) {
    if (member.key == place->key)
      member.value.data = below(std::get<std::string>(place->value.data), model_path);
  }
  return moved;
}

// Copies `source`, whole, to the model's place on `target`.
BackendChain copying(ComponentSpec source, const ComponentSpec& target, const std::string& model_path,
                     bool keep) {
  ComponentSpec staged{
      "provision", "staged", {option("source", source.name), option("target", target.name)}, {}};
  staged.options.push_back(option("directory", model_path));
  staged.options.push_back({"keep", {}, Value{keep, {}}});
  staged.options.push_back(option("made_by", "provision"));
  return {std::move(source), target, std::move(staged)};
}

GenerateOptions generate_options(const GenerateSpec& like) {
  GenerateOptions options;
  options.like = like.like;
  options.scale = like.scale;
  options.seed = like.seed;
  return options;
}

uint64_t bytes_of_copy(const std::vector<ListedObject>& objects) {
  uint64_t bytes = 0;
  for (const ListedObject& object : objects) {
    if (!is_copy_manifest(object.key)) bytes = saturating_add(bytes, object.size_bytes);
  }
  return bytes;
}

class ProvisionPlanner {
 public:
  ProvisionPlanner(const Scenario& scenario, const Registry& registry, const Surveyor& surveyor)
      : scenario_(scenario), registry_(registry), surveyor_(surveyor), room_(registry) {}

  std::vector<ProvisionStep> plan() {
    for (const ComponentSpec& backend : scenario_.backends) {
      const auto component = registry_.find(COLDLOAD_KIND_BACKEND, backend.component);
      const bool made_up = component && (component->table->flags & COLDLOAD_COMPONENT_SYNTHETIC) != 0;
      if (made_up || !built_on(backend, registry_).empty()) continue;
      add_places(backend);
    }
    for (const Holder& holder : holders_) steps_.push_back(look_at(holder));
    for (size_t at = 0; at < steps_.size(); ++at) {
      if (steps_[at].action == ProvisionAction::copy) decide(steps_[at], holders_[at]);
    }
    return std::move(steps_);
  }

 private:
  // A backend with one value for each of its options.
  struct Holder {
    std::string label;  // its name; with its swept options where several of it are looked at
    ComponentSpec spec;
    std::optional<Diagnostic> mistake;
  };

  // One that has the model, or will by the time that a later one is put in place.
  struct Source {
    const Holder* holder = nullptr;
    std::string model_path;  // of a Hugging Face cache entry, its snapshot
    uint64_t bytes = 0;      // of all that a copy takes along
  };

  // What a sweep leaves in the same directory is one place. Behind a URL other options may name another.
  void add_places(const ComponentSpec& backend) {
    const auto variants = expand_backend(backend.name, scenario_.backends, registry_);
    if (!variants) {
      holders_.push_back({backend.name, backend, variants.error()});
      return;
    }
    const size_t first = holders_.size();
    for (const BackendVariant& variant : *variants) {
      const ComponentSpec& spec = variant.chain.back();
      const Member* place = place_option(spec);
      const auto is_same = [&](const Holder& other) {
        const Member* known = place_option(other.spec);
        return known != nullptr && known->key == place->key &&
               to_string(known->value) == to_string(place->value);
      };
      const bool seen =
          place != nullptr && place->key != "url" &&
          std::any_of(holders_.begin() + static_cast<ptrdiff_t>(first), holders_.end(), is_same);
      if (!seen) holders_.push_back({variant.label, spec, std::nullopt});
    }
    if (holders_.size() == first + 1) holders_.back().label = backend.name;
  }

  // Missing is `copy` at first: from where is decided when all were looked at.
  ProvisionStep look_at(const Holder& holder) {
    ProvisionStep step;
    const ComponentSpec& backend = holder.spec;
    step.backend = holder.label;
    const std::string& path = scenario_.model.path_on(backend.name);
    const Member* place = place_option(backend);
    step.place = below(place == nullptr ? backend.name : std::get<std::string>(place->value.data), path);
    if (place != nullptr && place->key != "url") {
      step.root = (std::filesystem::path(scenario_.base_directory) / std::get<std::string>(place->value.data))
                      .lexically_normal()
                      .string();
      step.path = path;
    }
    if (holder.mistake) {
      refuse(step, {Status::invalid_option, to_string(*holder.mistake)});
      return step;
    }
    const auto survey = surveyor_({{backend}, {}, path, scenario_.base_directory});
    if (survey) {
      const auto objects = model_objects(survey->objects, survey->model_path);
      const bool held = objects && std::ranges::any_of(*objects, &ModelObject::is_item);
      step.stands = held;
      if (held) present_.push_back({&holder, survey->model_path, bytes_of_copy(survey->objects)});
      if (!held)
        refuse(step, "something is there, but no *.safetensors: nothing is put where others' files stand");
    } else if (survey.error().status == Status::not_found) {
      step.action = ProvisionAction::copy;
    } else if (survey.error().status == Status::integrity) {
      step.stands = true;
      refuse(step, {Status::integrity, survey.error().message +
                                           "; or take it away and provision again: nothing is put over it"});
    } else {
      refuse(step, survey.error());
    }
    if (const auto moved = at_model(backend, path); moved && !path.empty()) {
      step.chain = copying(*moved, backend, path, false);
    }
    return step;
  }

  void decide(ProvisionStep& step, const Holder& holder) {
    const ComponentSpec& backend = holder.spec;
    const std::string& path = scenario_.model.path_on(backend.name);
    const Member* place = place_option(backend);
    if (path.empty())
      return refuse(step, "its model path is empty, so the model would be the whole root: name a directory");
    if (place == nullptr || place->key == "url") {
      return refuse(step,
                    fmt::format("nothing is written to a backend \"{}\": upload the model with its own tools",
                                backend.component));
    }
    for (const Source& other : present_) {
      auto source = at_model(other.holder->spec, other.model_path);
      if (!source) continue;
      if (auto room = room_.take(step.root, path, other.bytes, 0); !room) return refuse(step, room.error());
      step.from = other.holder->label;
      step.chain = copying(std::move(*source), backend, path, true);
      return;
    }
    const auto& generate = scenario_.model.generate;
    if (!generate) {
      return refuse(step, "no backend of the scenario has it, and [model] has no `generate` to make one by");
    }
    decide_to_generate(step, holder, *generate);
  }

  void decide_to_generate(ProvisionStep& step, const Holder& holder, const GenerateSpec& like) {
    const ComponentSpec& backend = holder.spec;
    const auto size = model_size(generate_options(like));
    if (!size) return refuse(step, size.error());
    const uint64_t bytes = size->total_bytes;
    if (auto room = room_.take(step.root, step.path, bytes, bytes); !room) return refuse(step, room.error());
    step.action = ProvisionAction::generate;
    step.from = like.like;
    step.scratch = (std::filesystem::path(step.root) / new_scratch_name()).string();
    present_.push_back({&holder, step.path, bytes});
    step.chain =
        copying({"provision-source", "local", {option("root", step.scratch)}, {}}, backend, step.path, true);
  }

  static void refuse(ProvisionStep& step, std::string reason) {
    refuse(step, Error{Status::unsupported, std::move(reason)});
  }

  static void refuse(ProvisionStep& step, Error why) {
    step.action = ProvisionAction::impossible;
    step.status = why.status;
    step.reason = std::move(why.message);
  }

  const Scenario& scenario_;
  const Registry& registry_;
  const Surveyor& surveyor_;
  std::vector<ProvisionStep> steps_;
  std::vector<Holder> holders_;  // of each step
  std::vector<Source> present_;
  ProvisionRoom room_;
};

Result<void> generate(const ProvisionStep& step, const GenerateSpec& like, Supervisor& supervisor,
                      const Supervisor::ProgressCallback& progress) {
  GenerateOptions options = generate_options(like);
  options.directory = step.scratch;
  WorkerProgress told;
  told.phase = "generate";
  const auto made = generate_model(
      options,
      [&](uint64_t done, uint64_t total) {
        told.delivered_bytes = done;
        told.total_bytes = total;
        progress(told);
      },
      [&] { return supervisor.interrupt().pending(); });
  if (!made) return pass(made);
  return {};
}

}  // namespace

std::vector<ProvisionStep> plan_provision(const Scenario& scenario, const Registry& registry,
                                          const Surveyor& surveyor) {
  return ProvisionPlanner(scenario, registry, surveyor).plan();
}

void sweep_provisioned(const std::vector<ProvisionStep>& steps, const TellPlace& tell) {
  std::set<std::string> done;
  for (const ProvisionStep& step : steps) {
    if (step.root.empty()) continue;
    remove_made_directories(step.root, step.path);
    if (!done.insert(step.root).second) continue;
    const SweptScratch swept = sweep_scratch(step.root);
    for (const std::string& path : swept.removed)
      tell(path + ": removed, left by a provision that was cut off");
    for (const std::string& path : swept.left) tell(path);
  }
}

Result<StagedCopy> provision(const ProvisionStep& step, const Scenario& scenario, const Registry& registry,
                             Supervisor& supervisor, const Supervisor::ProgressCallback& progress) {
  auto above = MadeDirectories::make(step.root, step.path);
  if (!above) return pass(above);
  std::optional<ProvisionScratch> scratch;
  const auto& like = scenario.model.generate;
  if (step.action == ProvisionAction::generate && like) {
    auto created = ProvisionScratch::create(step.scratch);
    if (!created) return pass(created);
    scratch.emplace(std::move(*created));
    if (auto made = generate(step, *like, supervisor, progress); !made) return pass(made);
  }
  auto copy = stage_in_worker(supervisor, registry, step.chain, scenario.base_directory, true, progress);
  if (copy) above->keep();
  return copy;
}

Result<void> unprovision(const ProvisionStep& step, const Scenario& scenario, const Registry& registry,
                         Supervisor& supervisor) {
  if (auto removed = discard_in_worker(supervisor, registry, step.chain, "", scenario.base_directory);
      !removed)
    return removed;
  if (!step.root.empty()) remove_made_directories(step.root, step.path);
  return {};
}

}  // namespace coldload
