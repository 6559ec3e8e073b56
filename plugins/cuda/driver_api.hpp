// The part of NVIDIA's driver API that is used here, declared by ourselves, so that it builds without the
// toolkit. Names, values and signatures: CUDA Driver API reference, "Data types used by CUDA driver" and the
// pages of the functions; those with "_v2" are what cuda.h maps the plain names to.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coldload::cuda::api {

using Result = int;  // CUresult
using Device = int;
using DevicePointer = unsigned long long;
using Context = struct ContextTag*;
using Stream = struct StreamTag*;
using Event = struct EventTag*;

inline constexpr Result kSuccess = 0;
inline constexpr Result kOutOfMemory = 2;
inline constexpr Result kNoDevice = 100;

inline constexpr unsigned kHostAllocPortable = 1;
inline constexpr unsigned kHostRegisterPortable = 1;
inline constexpr unsigned kStreamNonBlocking = 1;
inline constexpr unsigned kEventWithoutTime = 2;  // CU_EVENT_DISABLE_TIMING

// Every function by its exported name; what it takes stands once, here.
#define COLDLOAD_CUDA_FUNCTIONS(X)                                                           \
  X(cuInit, (unsigned flags))                                                                \
  X(cuDriverGetVersion, (int* version))                                                      \
  X(cuGetErrorName, (Result error, const char** name))                                       \
  X(cuDeviceGetCount, (int* count))                                                          \
  X(cuDeviceGet, (Device * device, int ordinal))                                             \
  X(cuDeviceGetName, (char* name, int length, Device device))                                \
  X(cuDeviceGetPCIBusId, (char* id, int length, Device device))                              \
  X(cuDevicePrimaryCtxRetain, (Context * context, Device device))                            \
  X(cuDevicePrimaryCtxRelease_v2, (Device device))                                           \
  X(cuCtxSetCurrent, (Context context))                                                      \
  X(cuMemGetInfo_v2, (size_t* free, size_t* total))                                          \
  X(cuMemAlloc_v2, (DevicePointer * pointer, size_t bytes))                                  \
  X(cuMemFree_v2, (DevicePointer pointer))                                                   \
  X(cuMemsetD8_v2, (DevicePointer pointer, unsigned char value, size_t count))               \
  X(cuMemHostAlloc, (void** memory, size_t bytes, unsigned flags))                           \
  X(cuMemFreeHost, (void* memory))                                                           \
  X(cuMemHostRegister_v2, (void* memory, size_t bytes, unsigned flags))                      \
  X(cuMemHostUnregister, (void* memory))                                                     \
  X(cuMemcpyHtoDAsync_v2, (DevicePointer to, const void* from, size_t bytes, Stream stream)) \
  X(cuMemcpyDtoHAsync_v2, (void* to, DevicePointer from, size_t bytes, Stream stream))       \
  X(cuMemcpyDtoH_v2, (void* to, DevicePointer from, size_t bytes))                           \
  X(cuStreamCreate, (Stream * stream, unsigned flags))                                       \
  X(cuStreamDestroy_v2, (Stream stream))                                                     \
  X(cuStreamSynchronize, (Stream stream))                                                    \
  X(cuEventCreate, (Event * event, unsigned flags))                                          \
  X(cuEventDestroy_v2, (Event event))                                                        \
  X(cuEventRecord, (Event event, Stream stream))                                             \
  X(cuEventSynchronize, (Event event))

struct Functions {
// Parts of a declaration, which take no parentheses. NOLINTNEXTLINE(bugprone-macro-parentheses)
#define COLDLOAD_CUDA_MEMBER(name, parameters) Result(*name) parameters = nullptr;
  COLDLOAD_CUDA_FUNCTIONS(COLDLOAD_CUDA_MEMBER)
#undef COLDLOAD_CUDA_MEMBER
};

}  // namespace coldload::cuda::api
