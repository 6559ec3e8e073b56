#include "driver.hpp"

#include "coldload/cpp/runtime_library.hpp"

namespace coldload::cuda {
namespace {

constexpr const char* kLibrary = "libcuda.so.1";

sdk::Failure unsupported(const std::string& why) {
  return {COLDLOAD_UNSUPPORTED, "no CUDA driver: " + why};
}

}  // namespace

Driver::Driver(const std::string& file) {
  void* library = sdk::open_library(kLibrary, file, unsupported);
#define COLDLOAD_CUDA_FIND(name, parameters) sdk::find_function(library, #name, functions_.name, unsupported);
  COLDLOAD_CUDA_FUNCTIONS(COLDLOAD_CUDA_FIND)
#undef COLDLOAD_CUDA_FIND
  const api::Result ready = functions_.cuInit(0);
  if (ready == api::kNoDevice) throw unsupported("it has no device (CUDA_ERROR_NO_DEVICE)");
  if (ready != api::kSuccess) throw unsupported(failure(ready, "cuInit").what());
  check(functions_.cuDriverGetVersion(&version_), "cuDriverGetVersion");
}

sdk::Failure Driver::failure(api::Result result, const std::string& call) const {
  const char* name = nullptr;
  if (functions_.cuGetErrorName(result, &name) != api::kSuccess || name == nullptr) name = "an unknown error";
  const coldload_status status = result == api::kOutOfMemory ? COLDLOAD_OUT_OF_MEMORY : COLDLOAD_IO_ERROR;
  return {status, call + ": " + name + " (" + std::to_string(result) + ")"};
}

}  // namespace coldload::cuda
