// The part of NVIDIA's cuFile (GPUDirect Storage) API that is used here, declared by ourselves, so that it
// builds without the toolkit. Names, values and layouts: "cuFile API Reference Guide".
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace coldload::cufile::api {

// CUfileError_t: of cuFile, and of the CUDA driver where `error` says that it is the driver's.
struct Status {
  int error;
  int driver_error;
};
inline constexpr int kSuccess = 0;

using FileHandle = void*;

inline constexpr int kHandleOpaqueFd = 1;
struct FileDescription {
  int type;
  union {
    int fd;
    void* handle;
  } handle;
  const void* operations;
};

// CUfileDrvProps_t's beginning; what follows differs by version, so it is read into a larger buffer.
struct DriverProperties {
  unsigned nvidia_fs_major;
  unsigned nvidia_fs_minor;
};
inline constexpr size_t kDriverPropertiesBytesMax = 4096;

#define COLDLOAD_CUFILE_FUNCTIONS(X)                                                    \
  X(Status, cuFileDriverOpen, ())                                                       \
  X(Status, cuFileDriverGetProperties, (void* properties))                              \
  X(Status, cuFileHandleRegister, (FileHandle * handle, FileDescription * description)) \
  X(void, cuFileHandleDeregister, (FileHandle handle))                                  \
  X(Status, cuFileBufRegister, (const void* device, size_t bytes, int flags))           \
  X(Status, cuFileBufDeregister, (const void* device))                                  \
  X(ssize_t, cuFileRead,                                                                \
    (FileHandle handle, void* device, size_t bytes, off_t file_offset, off_t device_offset))

struct Functions {
// Parts of a declaration, which take no parentheses. NOLINTNEXTLINE(bugprone-macro-parentheses)
#define COLDLOAD_CUFILE_MEMBER(result, name, parameters) result(*name) parameters = nullptr;
  COLDLOAD_CUFILE_FUNCTIONS(COLDLOAD_CUFILE_MEMBER)
#undef COLDLOAD_CUFILE_MEMBER
};

}  // namespace coldload::cufile::api
