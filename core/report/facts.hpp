// What `coldload doctor` prints.
#pragma once

#include <cstddef>
#include <string>

#include "core/record/fact.hpp"

namespace coldload {

// The facts under their subjects, in the order in which these first come; below a warning or an error its
// cause and its fix; last how many there are of each level. Lines of at most `columns`, but for words that
// are longer. Without colour.
[[nodiscard]] std::string render_facts(const Facts& facts, size_t columns);

}  // namespace coldload
