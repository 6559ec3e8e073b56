// What a case's runs show beside their median, and what that means for their reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/case_summary.hpp"
#include "core/analyse/statement.hpp"

namespace coldload {

enum class FindingKind : uint8_t {
  bound,         // which limit it ran into
  drift,         // later runs slower or faster than earlier ones
  bimodal,       // two groups of times
  outliers,      // single runs far from the rest
  throttled,     // a cgroup's CPU limit or the processor's clock
  neighbours,    // other I/O on the device, a machine that did not become quiet
  low_memory,    // memory or cgroup smaller than the model, reclaim
  unproved,      // runs without proof
  amplified,     // more bytes from the storage than the model has
  retried,       // requests that had to be repeated
  weights_share  // what of the time to ready the weights are
};
[[nodiscard]] std::string_view to_string(FindingKind kind);

enum class Severity : uint8_t { information, caution, problem };
[[nodiscard]] std::string_view to_string(Severity severity);

struct Finding {
  FindingKind kind = FindingKind::bound;
  Severity severity = Severity::information;
  Statement what;
  std::string cause;   // "" where it is not known
  std::string advice;  // what to do about it; "" where nothing is to be done
};

// By severity, the gravest first; within one in the order of the cases. [any-thread]
[[nodiscard]] std::vector<Finding> find_all(const ResultDocument& document,
                                            const std::vector<CaseAnalysis>& analyses);

}  // namespace coldload
