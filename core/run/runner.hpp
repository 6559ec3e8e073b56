// Executes a plan: rounds of runs, each in a worker, each recorded before the next begins.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/plan/plan.hpp"
#include "core/plugin/registry.hpp"
#include "core/record/document.hpp"
#include "core/record/journal.hpp"
#include "core/run/supervisor.hpp"

namespace coldload {

struct RunnerOptions {
  bool in_process = false;
  bool disturb = false;
  bool drop_caches = false;
  ResidencyBy residency = ResidencyBy::best;
};

// What is going on, for a live line.
struct RunnerProgress {
  size_t run = 0;        // of this moment, from 1
  size_t run_count = 0;  // expected in all; grows with until_ci
  std::string case_id;
  uint32_t repetition = 0;
  WorkerProgress worker;
  uint64_t load_elapsed_ns = 0;  // since the load phase began; 0 outside it
  uint64_t elapsed_ns = 0;       // of the whole scenario
  std::optional<uint64_t> remaining_ns;
};

struct RunnerCallbacks {
  std::function<void(const RunnerProgress&)> progress = [](const RunnerProgress&) {};
  std::function<void(const RunRecord&)> finished = [](const RunRecord&) {};
  std::function<void(const std::string&)> warning = [](const std::string&) {};
};

// Runs everything, appends every record to the journal before it goes on, and returns the document, cases
// judged. A failing journal (disk full) ends it with an error; what is recorded stays. [control-thread]
[[nodiscard]] Result<ResultDocument> execute_plan(const Plan& plan, const Registry& registry,
                                                  ResultDocument header, Journal& journal,
                                                  Supervisor& supervisor, const RunnerOptions& options,
                                                  const RunnerCallbacks& callbacks);

}  // namespace coldload
