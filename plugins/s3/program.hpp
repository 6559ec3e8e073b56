// Runs the program of a credential_process: an argv, no shell, bounded in time and output.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace coldload::s3 {

struct ProgramLimits {
  int timeout_ms = 30'000;
  size_t output_bytes = size_t{64} << 10;
};

// What it wrote to standard output; its standard error is dropped, as both may hold secrets. Throws when it
// cannot be started, fails, says too much or takes too long; it and what it started are ended then.
[[nodiscard]] std::string run_program(const std::vector<std::string>& argv, const ProgramLimits& limits,
                                      const std::function<bool()>& cancelled);

}  // namespace coldload::s3
