#include "core/conformance/samples.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string_view>

#include "core/base/file.hpp"

namespace coldload::conformance {

std::span<const SampleFile> awkward_files() {
  static constexpr std::array kFiles = {
      SampleFile{"model-00001.safetensors", 1, false},
      SampleFile{"model-00002.safetensors", (uint64_t{1} << 20) + 13, false},
      SampleFile{"model-00003.safetensors", 0, false},
      SampleFile{"model-00004.safetensors", 65536, false},
      SampleFile{"model-00005.safetensors", 4095, false},
      SampleFile{"model-00006.safetensors", 3'000'001, false},
      SampleFile{"model-00007.safetensors", 131072 + 512, false},
      SampleFile{"model-00008.safetensors", 4097, false},
  };
  return kFiles;
}

std::span<const SampleFile> large_files() {
  static constexpr std::array kFiles = {
      SampleFile{"large-00001.safetensors", (uint64_t{96} << 20) + 4097, true},
      SampleFile{"large-00002.safetensors", uint64_t{64} << 20, true},
  };
  return kFiles;
}

std::string content_of(const SampleFile& file) {
  std::string bytes(file.size_bytes, '\0');
  uint64_t state = std::hash<std::string_view>()(file.name) | 1;
  for (char& byte : bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

Result<void> write_samples(const std::filesystem::path& directory) {
  for (const std::span<const SampleFile> files : {awkward_files(), large_files()}) {
    for (const SampleFile& file : files) {
      const std::filesystem::path path = directory / file.name;
      const Descriptor out(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
      if (!out.valid()) return fail_errno(errno, path.string());
      if (file.zeros && ::ftruncate(out.get(), static_cast<off_t>(file.size_bytes)) != 0) {
        return fail_errno(errno, path.string());
      }
      if (file.zeros) continue;
      if (auto written = write_all(out.get(), content_of(file)); !written) return written;
    }
  }
  return {};
}

}  // namespace coldload::conformance
