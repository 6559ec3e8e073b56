#include "library.hpp"

#include <charconv>
#include <fstream>
#include <iterator>
#include <vector>

#include "coldload/cpp/runtime_library.hpp"

namespace coldload::cufile {
namespace {

constexpr const char* kLibrary = "libcufile.so.0";
constexpr const char* kStatistics = "/proc/driver/nvidia-fs/stats";

sdk::Failure unsupported(const std::string& why) {
  return {COLDLOAD_UNSUPPORTED, "no GPUDirect Storage: " + why};
}

struct NamedError {
  int error;
  const char* name;
};
// CUfileOpError of cufile.h: those that a machine or a file is the cause of.
constexpr NamedError kErrors[] = {
    {5001, "driver not initialized"},
    {5002, "invalid driver properties"},
    {5003, "limit not supported"},
    {5004, "driver version mismatch"},
    {5005, "driver version unreadable"},
    {5007, "platform not supported"},
    {5008, "I/O not supported"},
    {5009, "device not supported"},
    {5010, "nvidia-fs failed"},
    {5011, "CUDA driver failed"},
    {5012, "pointer not of the GPU"},
    {5018, "file type not supported"},
    {5019, "open flags not supported"},
    {5020, "file not opened for direct I/O"},
    {5022, "invalid value"},
    {5025, "permission denied"},
    {5027, "handle not registered"},
    {5029, "device not found"},
    {5030, "internal error"},
};

std::string in_words(const std::string& call, api::Status status) {
  return call + ": cuFile error " + error_in_words(status.error) +
         (status.driver_error == 0 ? "" : ", CUDA error " + std::to_string(status.driver_error));
}

}  // namespace

Library::Library(const std::string& file) {
  void* library = sdk::open_library(kLibrary, file, unsupported);
#define COLDLOAD_CUFILE_FIND(result, name, parameters) \
  sdk::find_function(library, #name, functions_.name, unsupported);
  COLDLOAD_CUFILE_FUNCTIONS(COLDLOAD_CUFILE_FIND)
#undef COLDLOAD_CUFILE_FIND
  const api::Status opened = functions_.cuFileDriverOpen();
  if (opened.error != api::kSuccess) throw unsupported(in_words("cuFileDriverOpen", opened));
}

std::string error_in_words(int error) {
  for (const NamedError& known : kErrors) {
    if (known.error == error) return std::to_string(error) + " (" + known.name + ")";
  }
  return std::to_string(error);
}

void Library::check_set_up(api::Status status, const std::string& call) {
  if (status.error != api::kSuccess) throw unsupported(in_words(call, status));
}

void Library::check(api::Status status, const std::string& call) {
  if (status.error != api::kSuccess) throw sdk::Failure(COLDLOAD_IO_ERROR, in_words(call, status));
}

std::optional<std::string> Library::nvidia_fs() const {
  alignas(16) unsigned char properties[api::kDriverPropertiesBytesMax] = {};
  check(functions_.cuFileDriverGetProperties(properties), "cuFileDriverGetProperties");
  const auto* told = reinterpret_cast<const api::DriverProperties*>(properties);
  if (told->nvidia_fs_major == 0) return std::nullopt;
  return std::to_string(told->nvidia_fs_major) + "." + std::to_string(told->nvidia_fs_minor);
}

std::optional<uint64_t> reads_of_statistics(const std::string& text) {
  const size_t line = text.find("\nReads");
  const size_t at = line == std::string::npos ? line : text.find("n=", line);
  if (at == std::string::npos || at > text.find('\n', line + 1)) return std::nullopt;
  uint64_t reads = 0;
  const auto parsed = std::from_chars(text.data() + at + 2, text.data() + text.size(), reads);
  return parsed.ec == std::errc{} ? std::optional(reads) : std::nullopt;
}

std::optional<uint64_t> peer_to_peer_reads() {
  std::ifstream in(kStatistics);
  return reads_of_statistics("\n" + std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace coldload::cufile
