// The driver library, opened at run time, and its failures as ours.
#pragma once

#include <string>

#include "coldload/cpp/failure.hpp"
#include "driver_api.hpp"

namespace coldload::cuda {

// Opens `file` ("": libcuda.so.1, as the dynamic linker finds it) and initialises it. Throws
// COLDLOAD_UNSUPPORTED where it cannot be opened, lacks a function or has no device. The library stays open
// until the process ends, as its own threads do. [any-thread] once made
class Driver {
 public:
  explicit Driver(const std::string& file);

  [[nodiscard]] const api::Functions& functions() const { return functions_; }
  // What the driver calls itself: 13000 is CUDA 13.0.
  [[nodiscard]] int version() const { return version_; }

  // "cuMemAlloc_v2 of 4 GiB: CUDA_ERROR_OUT_OF_MEMORY (2)"; out of memory has the status of that name.
  [[nodiscard]] sdk::Failure failure(api::Result result, const std::string& call) const;
  void check(api::Result result, const std::string& call) const {
    if (result != api::kSuccess) throw failure(result, call);
  }
  void check(api::Result result, const char* call) const {
    if (result != api::kSuccess) throw failure(result, call);
  }

 private:
  api::Functions functions_;
  int version_ = 0;
};

}  // namespace coldload::cuda
