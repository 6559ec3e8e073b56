// The note's tables of storage: what the node has, and what each kind came to.
#pragma once

#include <string>

#include "core/analyse/advice.hpp"
#include "core/report/case_numbers.hpp"

namespace coldload {

[[nodiscard]] std::string storage_of_node(const Report& report);
[[nodiscard]] std::string storage_times_table(const Report& report, const CaseNumbers& numbers);

}  // namespace coldload
