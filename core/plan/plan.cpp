#include "core/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/text.hpp"
#include "core/plan/baseline.hpp"
#include "core/plan/candidates.hpp"
#include "core/plan/globs.hpp"
#include "core/plan/objects.hpp"
#include "core/plan/skip.hpp"
#include "core/scenario/components.hpp"

namespace coldload {
namespace {

// What is known of one backend with one strategy, whichever cases need it.
struct Answer {
  Survey survey;
  std::vector<ModelObject> objects;
  std::optional<Error> failure;
};

// A first start that is no case after all: its backend does not stage, or could not be asked.
struct Unstaged {
  const Candidate* candidate = nullptr;
  std::optional<Error> failure;
};

class Planner {
 public:
  Planner(const Scenario& scenario, const Surveyor& surveyor, const PlanOptions& options)
      : surveyor_(surveyor), options_(options) {
    plan_.scenario = scenario;
  }

  std::expected<Plan, Diagnostics> run(const std::vector<Candidate>& candidates) {
    for (const Candidate& candidate : candidates) {
      if (!options_.only.empty() && !glob_matches(options_.only, candidate.id)) {
        left_out_.push_back(candidate.id);
      } else {
        add_case(candidate);
      }
    }
    if (mistakes_.empty() && plan_.cases.empty()) nothing_left(candidates);
    if (mistakes_.empty()) check_agreement();
    if (mistakes_.empty()) assign_baselines(plan_, kept_, left_out_, mistakes_);
    if (!mistakes_.empty()) return std::unexpected(std::move(mistakes_));
    return std::move(plan_);
  }

 private:
  void add_case(const Candidate& candidate) {
    const Answer& answer = ask(candidate);
    if (candidate.only_if_staged && !answer.survey.stages) {
      unstaged_.push_back({&candidate, answer.failure});
      return;
    }
    Case subject;
    subject.id = candidate.id;
    subject.backend = candidate.backend->chain;
    subject.strategy = candidate.strategy->spec;
    subject.destination = candidate.destination->name;
    subject.destination_plugin = candidate.destination->plugin;
    subject.cache = candidate.cache;
    subject.model_path = path_of(candidate);
    subject.survey = answer.survey;
    subject.objects = answer.objects;
    if (const auto sample = plan_.scenario.run.sample_bytes) {
      subject.sampled = choose_sample(subject.objects, *sample);
    }
    if (answer.failure && answer.failure->status == Status::unsupported) {
      subject.skip_reason = answer.failure->message;
    } else if (answer.failure) {
      subject.survey_failed = answer.failure;
    } else {
      subject.skip_reason = skip_reason_of(subject, plan_.scenario.run, options_.limits);
    }
    count_bytes(subject, item_bytes_of(answer.objects));
    plan_.cases.push_back(std::move(subject));
    kept_.push_back(&candidate);
  }

  const std::string& path_of(const Candidate& candidate) const {
    return plan_.scenario.model.path_on(candidate.backend->chain.back().name);
  }

  const Answer& ask(const Candidate& candidate) {
    // Labels name every swept value of the chain and the strategy, so they tell configurations apart.
    const auto [known, fresh] =
        answers_.try_emplace(std::pair(candidate.backend->label, candidate.strategy->label));
    Answer& answer = known->second;
    if (!fresh) return answer;
    const SurveyRequest request{candidate.backend->chain, candidate.strategy->spec, path_of(candidate),
                                plan_.scenario.base_directory};
    auto survey = surveyor_(request);
    if (!survey) {
      answer.failure = survey.error();
    } else {
      // A cache entry stands for the snapshot that the survey followed it to.
      auto objects = model_objects(survey->objects,
                                   survey->model_path.empty() ? request.model_path : survey->model_path);
      survey->objects.clear();
      answer.survey = std::move(*survey);
      if (objects) {
        answer.objects = std::move(*objects);
      } else {
        answer.failure = objects.error();
      }
    }
    report(request, answer);
    return answer;
  }

  // A component that could not be created has named its table already.
  static std::string place_of(const ComponentSpec& backend) {
    return to_string(Diagnostic{backend.where, fmt::format("backend \"{}\": ", backend.name)});
  }
  static std::string without_place(const ComponentSpec& backend, const std::string& message) {
    const std::string place = place_of(backend);
    return message.starts_with(place) ? message.substr(place.size()) : message;
  }

  // What only the scenario's author can mend ends the planning; the rest is the fate of single cases.
  void report(const SurveyRequest& request, const Answer& answer) {
    const ComponentSpec& backend = request.backend.back();
    if (answer.failure && answer.failure->status == Status::not_found) {
      return report_missing(request, answer.failure->message);
    }
    if (answer.failure && answer.failure->status == Status::invalid_option) {
      for (const ComponentSpec& part : request.backend) {
        if (!answer.failure->message.starts_with(place_of(part))) continue;
        // It could not be created, whatever the strategy.
        return mistake(part.where, fmt::format("backend \"{}\": {}", part.name,
                                               without_place(part, answer.failure->message)));
      }
      return mistake(backend.where,
                     fmt::format("backend \"{}\" with strategy \"{}\": {}", backend.name,
                                 request.strategy.name, without_place(backend, answer.failure->message)));
    }
    const bool has_items = std::ranges::any_of(answer.objects, &ModelObject::is_item);
    if (!answer.failure && !answer.survey.unsupported && !has_items) {
      mistake(plan_.scenario.model.path_where_on(backend.name),
              fmt::format("[model] path: backend \"{}\" holds no *.safetensors in {} ({}); {}", backend.name,
                          shown_place(backend, request.model_path),
                          counted(answer.objects.size(), "other object"),
                          how_to_mend(backend, request.model_path, "name the directory of the shards")));
    }
  }

  // Either the backend's own root or the model below it.
  void report_missing(const SurveyRequest& request, const std::string& message) {
    for (const ComponentSpec& part : request.backend) {
      if (!message.starts_with(place_of(part))) continue;
      return mistake(
          part.where,
          fmt::format("backend \"{}\": {}; {}", part.name, without_place(part, message),
                      how_to_mend(part, plan_.scenario.model.path_on(part.name), "name one that is there")));
    }
    const ComponentSpec& backend = request.backend.back();
    mistake(plan_.scenario.model.path_where_on(backend.name),
            fmt::format("[model] path: backend \"{}\" holds no model in {}: {}; {}", backend.name,
                        shown_place(backend, request.model_path), message,
                        how_to_mend(backend, request.model_path,
                                    "put it there (coldload provision FILE), or correct the path")));
  }

  std::string shown_place(const ComponentSpec& backend, const std::string& model_path) const {
    return model_place(backend, plan_.scenario.base_directory, model_path)
        .value_or(fmt::format("\"{}\"", model_path));
  }

  std::string how_to_mend(const ComponentSpec& backend, const std::string& model_path,
                          std::string otherwise) const {
    const auto& generate = plan_.scenario.model.generate;
    const Member* place = place_option(backend);
    if (!generate || place == nullptr || place->key == "url") return otherwise;
    return fmt::format("make it with: coldload gen-model {} --like {} --scale {} --seed {}",
                       shown_place(backend, model_path), generate->like, generate->scale, generate->seed);
  }

  // A backend is asked once per strategy and says the same each time.
  void mistake(const Location& where, std::string message) {
    const bool known =
        std::ranges::any_of(mistakes_, [&](const Diagnostic& other) { return other.message == message; });
    if (!known && mistakes_.size() < limits::kDiagnosticsMax)
      mistakes_.push_back({where, std::move(message)});
  }

  // A first start was matched, and is no case: its backend says so only when asked.
  void nothing_left(const std::vector<Candidate>& candidates) {
    const Location where{"--only", 0, 0};
    if (unstaged_.empty()) return mistake(where, matches_nothing(options_.only, candidates));
    const std::string& backend = unstaged_.front().candidate->backend->chain.back().name;
    const auto& failure = unstaged_.front().failure;
    mistake(where, fmt::format("\"{}\" matches no case: backend \"{}\" {}", options_.only, backend,
                               failure ? "could not be asked whether it stages: " + failure->message
                                       : "does not stage, so it has no first start"));
  }

  void check_agreement() {
    for (size_t i = 0; i < plan_.scenario.comparisons.size(); ++i) {
      const Case* reference = nullptr;
      for (size_t at = 0; at < plan_.cases.size(); ++at) {
        const Case& subject = plan_.cases[at];
        const auto& members = kept_[at]->comparisons;
        if (std::ranges::find(members, i) == members.end()) continue;
        // Nobody's model lies on a backend that makes its bytes up.
        if (subject.survey_failed || subject.survey.synthetic || subject.objects.empty()) continue;
        if (reference == nullptr) {
          reference = &subject;
          continue;
        }
        const auto difference = first_difference({reference->backend.back().name, reference->objects},
                                                 {subject.backend.back().name, subject.objects});
        if (difference) {
          mistake(plan_.scenario.comparisons[i].where,
                  fmt::format("[[compare]]: backends hold different models: {}", *difference));
        }
      }
    }
  }

  // The first real backend's word counts: they agree, and a made-up one's size is made up too.
  void count_bytes(const Case& subject, uint64_t model_bytes) {
    if (subject.objects.empty() || (counted_ && (!counted_is_synthetic_ || subject.survey.synthetic))) return;
    counted_ = true;
    counted_is_synthetic_ = subject.survey.synthetic;
    plan_.model_bytes = model_bytes;
    plan_.loaded_bytes = subject.item_bytes();
  }

  const Surveyor& surveyor_;
  const PlanOptions& options_;
  Plan plan_;
  std::vector<const Candidate*> kept_;
  std::vector<std::string> left_out_;
  std::vector<Unstaged> unstaged_;
  std::map<std::pair<std::string, std::string>, Answer> answers_;
  Diagnostics mistakes_;
  bool counted_ = false;
  bool counted_is_synthetic_ = false;
};

}  // namespace

uint64_t Case::item_bytes() const {
  return item_bytes_of(objects);
}

std::expected<Plan, Diagnostics> make_plan(const Scenario& scenario, const Registry& registry,
                                           const Surveyor& surveyor, const PlanOptions& options) {
  const auto candidates = candidate_cases(scenario, registry);
  if (!candidates) return std::unexpected(candidates.error());
  return Planner(scenario, surveyor, options).run(*candidates);
}

}  // namespace coldload
