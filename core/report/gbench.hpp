// A result document in the JSON of Google Benchmark, for the tools that read it (its compare.py).
#pragma once

#include "core/base/json.hpp"
#include "core/record/document.hpp"

namespace coldload {

// Each case of which runs count is a benchmark named by its id: every such run an "iteration" in
// milliseconds, with cold_load_ns (first_start_ns of first starts) as real_time and the worker's CPU time as
// cpu_time (0 where it was not counted), then the aggregates mean, median, stddev and cv. `label` says what a
// case is not (emulated, synthetic, …). [any-thread]
[[nodiscard]] json::value gbench_json(const ResultDocument& document);

}  // namespace coldload
