// Control of the fake CUDA driver library beside this file: a libcuda.so.1 without a GPU, whose device memory
// is ordinary memory and whose streams are threads. It notes what a real driver would let pass or turn into
// wrong bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fake_cuda {

struct Settings {
  int devices = 1;
  uint64_t memory_bytes = uint64_t{1} << 30;
  uint64_t copy_delay_us = 0;   // before each asynchronous copy
  uint64_t event_delay_us = 0;  // before an event fires
  uint64_t corrupt_copy = 0;    // the copy of that number arrives with one byte changed; 0: none
  std::string fail_function;    // whose call number `fail_call` fails; "": call number of any function
  uint64_t fail_call = 0;       // from 1; 0: none
  int fail_with = 999;          // CUDA_ERROR_UNKNOWN; a function that gives back does so all the same, but
                                // for pinned memory
};

struct Report {
  uint64_t calls = 0;
  std::string failed_function;  // by `fail_call`
  std::map<std::string, uint64_t> calls_of;
  uint64_t pinned_bytes = 0;  // allocated or registered, now
  uint64_t pinned_bytes_max = 0;
  uint64_t device_bytes = 0;
  uint64_t streams = 0;
  uint64_t events = 0;
  uint64_t contexts = 0;
  // "a pinned buffer was changed before its copy was done", "pinned memory was freed under a copy", …
  std::vector<std::string> violations;
};

// Forgets calls and violations, frees pinned memory that was left.
[[gnu::visibility("default")]] void reset(const Settings& settings);
[[nodiscard, gnu::visibility("default")]] Report report();

}  // namespace fake_cuda
