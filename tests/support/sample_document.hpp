// A result document with something of everything in it, for tests of what reads one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/record/document.hpp"

namespace coldload {

// A case on backend "local" into "stream" whose id is built of the parts, with a model of 2 GB.
[[nodiscard]] CaseRecord sample_case(std::string_view strategy, std::string_view cache);

// A valid run of it: cold ones proved by residency+bytes, warm ones by warm. Repetition 0 has checksums.
[[nodiscard]] RunRecord sample_run(const CaseRecord& record, uint32_t repetition, double seconds);

// Appends `record` and its runs: repetition 0, then one of each of `seconds`.
void add_case(ResultDocument& document, const CaseRecord& record, const std::vector<double>& seconds);

// Header fields, and nothing measured yet.
[[nodiscard]] ResultDocument empty_document();

// Cases that are ok, unprovable, disturbed, skipped, failed and not measured, probes, expectations. Made up,
// but of the shape a small disk gives.
[[nodiscard]] ResultDocument sample_document();

}  // namespace coldload
