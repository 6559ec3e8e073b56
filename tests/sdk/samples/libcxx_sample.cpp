// A backend as a stranger writes one: a directory, built by another compiler with another standard library
// than the host's. It proves that nothing of either crosses the boundary.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>

#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/cpp/posix/evict.hpp"
#include "coldload/cpp/posix/read.hpp"
#include "coldload/cpp/posix/residency.hpp"

namespace {

namespace sdk = coldload::sdk;
namespace posix = coldload::sdk::posix;
namespace fs = std::filesystem;

class File : public sdk::Object {
 public:
  File(posix::Descriptor file, uint64_t size_bytes) : file_(std::move(file)), size_bytes_(size_bytes) {}

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    const posix::ReadResult result = posix::read_exact(file_.get(), offset, buffer, length);
    if (result.os_error != 0) throw sdk::os_failure(result.os_error, "reading");
    if (result.bytes_read != length) throw sdk::Failure(COLDLOAD_IO_ERROR, "the file ends early");
  }
  void evict() override {
    if (const int failed = posix::evict_pages(file_.get()); failed != 0)
      throw sdk::os_failure(failed, "evicting");
  }
  uint64_t residency() override {
    return posix::page_cache_residency(file_.get(), size_bytes_).resident_bytes;
  }

 private:
  posix::Descriptor file_;
  uint64_t size_bytes_;
};

class Directory : public sdk::Backend {
 public:
  Directory(sdk::Host /*host*/, const sdk::Options& options) : root_(options.path("root")) {}

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    std::error_code failed;
    fs::recursive_directory_iterator entries(root_ / prefix, failed);
    if (failed) throw sdk::os_failure(failed.value(), (root_ / prefix).string());
    for (const fs::directory_entry& entry : entries) {
      if (entry.is_regular_file())
        callback(entry.path().lexically_relative(root_).string(), entry.file_size());
    }
  }
  coldload_object_info probe(const std::string& /*prefix*/, uint32_t /*open_flags*/) override {
    coldload_object_info info = sdk::empty_object_info();
    info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD | COLDLOAD_CAN_EVICT | COLDLOAD_CAN_RESIDENCY;
    return info;
  }
  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override {
    posix::Descriptor file(::open((root_ / key).c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (!file || ::fstat(file.get(), &status) != 0) throw sdk::os_failure(errno, (root_ / key).string());
    info.capabilities = probe("", open_flags).capabilities;
    info.size_bytes = static_cast<uint64_t>(status.st_size);
    info.fd = file.get();
    return std::make_unique<File>(std::move(file), info.size_bytes);
  }

 private:
  fs::path root_;
};

constexpr coldload_option kOptions[] = {
    sdk::path_option("root", nullptr, "the directory that model paths start from"),
};
constexpr coldload_component kComponent =
    sdk::backend_component<Directory>("libcxx_sample", "a directory, by way of libc++", kOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.libcxx_sample", "0.1.0", "coldload tests", &kComponent);
