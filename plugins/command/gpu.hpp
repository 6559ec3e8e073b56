// Memory in use on this machine's GPUs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coldload/cpp/host.hpp"

namespace coldload::command {

// Of all GPUs that nvidia-smi lists, whoever uses it. Absent where there is no nvidia-smi in PATH; where
// there is one that fails, takes more than 10 s or gives no numbers, the log says so. [control-thread]
[[nodiscard]] std::optional<uint64_t> gpu_memory_used(const sdk::Host& host);

// Sum in bytes of lines with a number of MiB each. Absent: anything else, or no line.
[[nodiscard]] std::optional<uint64_t> bytes_of_mebibyte_lines(std::string_view text);

}  // namespace coldload::command
