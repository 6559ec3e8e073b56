// A libcufile.so.0 without GPUDirect Storage, beside the fake CUDA driver: device memory is ordinary memory,
// so a read is a read. FAKE_CUFILE_… says what is wrong with it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#define FAKE_CUFILE_EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

struct Status {
  int error;
  int driver_error;
};

struct Description {
  int type;
  union {
    int fd;
    void* handle;
  } handle;
  const void* operations;
};

bool is_set(const char* variable) {
  return std::getenv(variable) != nullptr;
}

std::atomic<uint64_t> reads{0};

}  // namespace

FAKE_CUFILE_EXPORT Status cuFileDriverOpen() {
  return {is_set("FAKE_CUFILE_NO_DRIVER") ? 5001 : 0, 0};
}
FAKE_CUFILE_EXPORT Status cuFileDriverGetProperties(void* properties) {
  const unsigned version[2] = {is_set("FAKE_CUFILE_NVIDIA_FS") ? 2U : 0U, 20};
  std::memcpy(properties, version, sizeof version);
  return {0, 0};
}
FAKE_CUFILE_EXPORT Status cuFileHandleRegister(void** handle, Description* description) {
  *handle = new int(description->handle.fd);
  return {0, 0};
}
FAKE_CUFILE_EXPORT void cuFileHandleDeregister(void* handle) {
  delete static_cast<int*>(handle);
}
FAKE_CUFILE_EXPORT Status cuFileBufRegister(const void* /*device*/, size_t /*bytes*/, int /*flags*/) {
  return {is_set("FAKE_CUFILE_NO_REGISTER") ? 5022 : 0, 0};
}
FAKE_CUFILE_EXPORT Status cuFileBufDeregister(const void* /*device*/) {
  return {0, 0};
}
// By way of aligned memory, since device memory is aligned as malloc does it; never more than 256 KiB at
// once.
FAKE_CUFILE_EXPORT ssize_t cuFileRead(void* handle, void* device, size_t bytes, off_t file_offset,
                                      off_t device_offset) {
  constexpr size_t kAtOnce = size_t{256} << 10;
  if (is_set("FAKE_CUFILE_FAIL_READ") && ++reads == 3) {
    errno = EIO;
    return -1;
  }
  if (is_set("FAKE_CUFILE_REFUSE_READ")) return -5011;
  const int fd = *static_cast<int*>(handle);
  void* memory = std::aligned_alloc(4096, kAtOnce);
  if (memory == nullptr) return -1;
  const ssize_t count = ::pread(fd, memory, kAtOnce, file_offset);
  const size_t wanted = count < 0 ? 0 : std::min(static_cast<size_t>(count), bytes);
  std::memcpy(static_cast<char*>(device) + device_offset, memory, wanted);
  std::free(memory);
  return count < 0 ? count : static_cast<ssize_t>(wanted);
}
