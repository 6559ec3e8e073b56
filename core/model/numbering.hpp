// What the names of numbered shards say about the others.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace coldload {

// "model-00002-of-00004.safetensors" promises the other three, index or none: those of the same series that
// `holds` says are not there, by name, at most kInconsistenciesMax and one.
[[nodiscard]] std::vector<std::string> missing_by_number(const std::vector<std::string_view>& names,
                                                         const std::function<bool(std::string_view)>& holds);

}  // namespace coldload
