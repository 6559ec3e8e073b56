#include "core/plan/dry_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/plan/objects.hpp"

namespace coldload {
namespace {

constexpr double kSyntheticRate = 2e9;  // a memory's: made-up bytes come from no storage

const std::string& backend_of(const Case& subject) {
  return subject.backend.back().name;
}

bool verifies(const Plan& plan, const Case& subject) {
  if (plan.scenario.run.verify == Verify::each_case) return true;
  if (plan.scenario.run.verify == Verify::off) return false;
  const auto first = std::ranges::find_if(plan.cases, [&](const Case& other) {
    return other.runs() && backend_of(other) == backend_of(subject);
  });
  return first != plan.cases.end() && first->id == subject.id;
}

uint64_t requests_of(const Case& subject) {
  const uint64_t chunk = subject.survey.buffer_bytes;
  uint64_t requests = 0;
  for (const ModelObject& object : subject.objects) {
    if (object.is_item && chunk != 0) {
      requests =
          saturating_add(requests, object.size_bytes / chunk + (object.size_bytes % chunk != 0 ? 1 : 0));
    }
  }
  return requests;
}

double rate_of(const Plan& plan, const Case& subject, const std::vector<RateAssumption>& rates,
               bool& assumed) {
  double rate = kAssumedRate;
  const auto known = std::ranges::find(rates, backend_of(subject), &RateAssumption::backend);
  if (known != rates.end() && known->bytes_per_second > 0) {
    rate = known->bytes_per_second;
  } else if (subject.survey.synthetic) {
    rate = kSyntheticRate;
  } else {
    assumed = true;
  }
  const auto limit = plan.scenario.run.max_bandwidth;
  return limit ? std::min(rate, static_cast<double>(*limit)) : rate;
}

// Whether this is the case that an earlier one's copy does not serve: a first start always copies, the loads
// of one staged backend share one copy.
uint64_t copies_for(const Plan& plan, const Case& subject, uint64_t runs, std::set<std::string>& copied) {
  if (!subject.survey.stages) return 0;
  if (subject.cache == CacheState::first_start) {
    copied.insert(backend_of(subject));
    return runs;
  }
  const bool later = std::ranges::any_of(plan.cases, [&](const Case& other) {
    return other.runs() && other.cache == CacheState::first_start && backend_of(other) == backend_of(subject);
  });
  return !later && copied.insert(backend_of(subject)).second ? 1 : 0;
}

PathCost& path_of(PlanCost& cost, const std::string& backend) {
  const auto known = std::ranges::find(cost.paths, backend, &PathCost::backend);
  if (known != cost.paths.end()) return *known;
  cost.paths.push_back({.backend = backend});
  return cost.paths.back();
}

void add_case(const Plan& plan, const Case& subject, const std::vector<RateAssumption>& rates,
              std::set<std::string>& copied, PlanCost& cost) {
  const uint64_t runs = run_count_max(plan, subject);
  if (runs == 0) return;
  PathCost& path = path_of(cost, backend_of(subject));
  const uint64_t passes = saturating_multiply(runs, subject.cache == CacheState::warm ? 2 : 1);
  const uint64_t loaded = saturating_multiply(passes, subject.item_bytes());
  const uint64_t staged =
      saturating_multiply(copies_for(plan, subject, runs, copied), all_bytes_of(subject.objects));
  const double rate = rate_of(plan, subject, rates, path.rate_assumed);
  const uint64_t read = saturating_add(loaded, staged);
  path.runs = saturating_add(path.runs, runs);
  path.requests = saturating_add(path.requests, saturating_multiply(runs, requests_of(subject)));
  path.seconds += (static_cast<double>(read) + static_cast<double>(staged)) / rate;
  if (subject.survey.synthetic) return;
  path.read_bytes = saturating_add(path.read_bytes, read);
  path.written_bytes = saturating_add(path.written_bytes, staged);
  cost.moved_bytes = saturating_add(cost.moved_bytes, saturating_add(read, staged));
}

bool needs_confirmation(const PlanCost& cost) {
  return cost.seconds > kConfirmSeconds || cost.moved_bytes > kConfirmBytes;
}

using Text = std::back_insert_iterator<std::string>;

void write_head(const Plan& plan, Text out) {
  const auto running = std::ranges::count_if(plan.cases, &Case::runs);
  const auto failed = std::ranges::count_if(
      plan.cases, [](const Case& subject) { return subject.survey_failed.has_value(); });
  const auto skipped = static_cast<std::ptrdiff_t>(plan.cases.size()) - running - failed;
  fmt::format_to(out, "{}: {}, {} run, {} skipped, {} failed when asked\n", plan.scenario.name,
                 counted(plan.cases.size(), "case"), running, skipped, failed);
  fmt::format_to(out, "model: {}", format_bytes_decimal(plan.model_bytes));
  if (plan.loaded_bytes != plan.model_bytes) {
    fmt::format_to(out, ", of which a sample of whole shards is loaded: {}",
                   format_bytes_decimal(plan.loaded_bytes));
  }
  fmt::format_to(out, "\n\n");
}

const std::string* reason_of(const Case& subject) {
  if (subject.skip_reason) return &*subject.skip_reason;
  return subject.survey_failed ? &subject.survey_failed->message : nullptr;
}

// What keeps several cases from running is told once, below them, by a number.
std::vector<std::string> shared_reasons(const Plan& plan) {
  std::map<std::string, size_t> count;
  std::vector<std::string> shared;
  for (const Case& subject : plan.cases) {
    const std::string* reason = reason_of(subject);
    if (reason != nullptr && ++count[*reason] == 2) shared.push_back(*reason);
  }
  return shared;
}

void write_reasons(const Plan& plan, size_t width, Text out) {
  const std::vector<std::string> shared = shared_reasons(plan);
  for (const Case& subject : plan.cases) {
    const std::string* reason = reason_of(subject);
    if (reason == nullptr) continue;
    const auto known = std::ranges::find(shared, *reason);
    const std::string told =
        known == shared.end() ? *reason : fmt::format("({})", known - shared.begin() + 1);
    fmt::format_to(out, "{:<{}}  {}: {}\n", subject.id, width,
                   subject.skip_reason ? "skipped" : "failed when asked", told);
  }
  for (size_t i = 0; i < shared.size(); ++i) fmt::format_to(out, "({}) {}\n", i + 1, shared[i]);
}

void write_cases(const Plan& plan, Text out) {
  size_t width = 4;
  for (const Case& subject : plan.cases) width = std::max(width, subject.id.size());
  fmt::format_to(out, "{:<{}}  {:>5}  {:>9}  {:>9}\n", "case", width, "runs", "bytes", "requests");
  for (const Case& subject : plan.cases) {
    if (!subject.runs()) continue;
    const uint64_t requests = requests_of(subject);
    fmt::format_to(out, "{:<{}}  {:>5}  {:>9}  {:>9}\n", subject.id, width, run_count_max(plan, subject),
                   format_bytes_decimal(subject.item_bytes()),
                   requests == 0 ? std::string("mapped") : fmt::format("{}", requests));
  }
  write_reasons(plan, width, out);
}

void write_paths(const PlanCost& cost, Text out) {
  size_t width = 7;
  for (const PathCost& path : cost.paths) width = std::max(width, path.backend.size());
  fmt::format_to(out, "\n{:<{}}  {:>5}  {:>9}  {:>9}  {:>9}  {:>7}\n", "backend", width, "runs", "read",
                 "written", "requests", "hours");
  for (const PathCost& path : cost.paths) {
    fmt::format_to(out, "{:<{}}  {:>5}  {:>9}  {:>9}  {:>9}  {:>7.2f}{}\n", path.backend, width, path.runs,
                   format_bytes_decimal(path.read_bytes), format_bytes_decimal(path.written_bytes),
                   path.requests, path.seconds / 3600, path.rate_assumed ? "  rate unknown" : "");
  }
}

void write_total(const Plan& plan, const PlanCost& cost, Text out) {
  fmt::format_to(out, "\nat most {:.2f} h and {} read and written, besides probes and quiet waits\n",
                 cost.seconds / 3600, format_bytes_decimal(cost.moved_bytes));
  if (std::ranges::any_of(cost.paths, &PathCost::rate_assumed)) {
    fmt::format_to(out, "where the rate is unknown {} is assumed; coldload probe measures it\n",
                   format_rate(kAssumedRate));
  }
  if (plan.scenario.run.budget_ns) {
    fmt::format_to(out, "the budget ends it after {}; what is left is reported as not measured\n",
                   format_duration(*plan.scenario.run.budget_ns));
  }
  if (needs_confirmation(cost)) fmt::format_to(out, "this is above 1 h or 1 TB: running it needs --yes\n");
}

}  // namespace

uint64_t run_count_max(const Plan& plan, const Case& subject) {
  if (!subject.runs()) return 0;
  const RunSettings& run = plan.scenario.run;
  const uint64_t timed = subject.cache == CacheState::first_start ? run.copies : run.repetitions_max;
  return timed + (verifies(plan, subject) ? 1 : 0);
}

PlanCost cost_of(const Plan& plan, const std::vector<RateAssumption>& rates) {
  PlanCost cost;
  std::set<std::string> copied;
  for (const Case& subject : plan.cases) add_case(plan, subject, rates, copied, cost);
  for (const PathCost& path : cost.paths) cost.seconds += path.seconds;
  if (const auto budget = plan.scenario.run.budget_ns) {
    cost.seconds = std::min(cost.seconds, static_cast<double>(*budget) / 1e9);
  }
  return cost;
}

bool needs_confirmation(const Plan& plan, const std::vector<RateAssumption>& rates) {
  return needs_confirmation(cost_of(plan, rates));
}

std::string dry_run_text(const Plan& plan, const std::vector<RateAssumption>& rates) {
  const PlanCost cost = cost_of(plan, rates);
  std::string text;
  write_head(plan, std::back_inserter(text));
  write_cases(plan, std::back_inserter(text));
  if (!cost.paths.empty()) write_paths(cost, std::back_inserter(text));
  for (const std::string& note : plan.notes) text += "note: " + note + "\n";
  write_total(plan, cost, std::back_inserter(text));
  return text;
}

}  // namespace coldload
