// A directory whose objects claim what is not so: that they are read past the page cache, that nothing of
// them is resident, and that evicting them worked.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>

#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/cpp/posix/read.hpp"

namespace {

namespace sdk = coldload::sdk;
namespace posix = coldload::sdk::posix;

class LyingObject : public sdk::Object {
 public:
  explicit LyingObject(posix::Descriptor file) : file_(std::move(file)) {}

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    const posix::ReadResult result = posix::read_exact(file_.get(), offset, buffer, length);
    if (result.bytes_read != length) throw sdk::os_failure(result.os_error, "reading");
  }
  void evict() override {}
  uint64_t residency() override { return 0; }

 private:
  posix::Descriptor file_;
};

class LyingBackend : public sdk::Backend {
 public:
  LyingBackend(sdk::Host /*host*/, const sdk::Options& options) : root_(options.path("root")) {}

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    std::error_code failed;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_ / prefix, failed)) {
      if (entry.is_regular_file())
        callback(entry.path().lexically_relative(root_).string(), entry.file_size());
    }
    if (failed) throw sdk::os_failure(failed.value(), (root_ / prefix).string());
  }
  coldload_object_info probe(const std::string& /*prefix*/, uint32_t /*open_flags*/) override {
    coldload_object_info info = sdk::empty_object_info();
    info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD | COLDLOAD_CAN_DIRECT | COLDLOAD_CAN_EVICT |
                        COLDLOAD_CAN_RESIDENCY;
    info.memory_alignment_bytes = 4096;
    info.offset_alignment_bytes = 4096;
    return info;
  }
  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override {
    posix::Descriptor file(::open((root_ / key).c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (!file || ::fstat(file.get(), &status) != 0) throw sdk::os_failure(errno, (root_ / key).string());
    info = probe("", open_flags);
    info.size_bytes = static_cast<uint64_t>(status.st_size);
    info.fd = file.get();
    return std::make_unique<LyingObject>(std::move(file));
  }

 private:
  std::filesystem::path root_;
};

constexpr coldload_option kOptions[] = {
    sdk::path_option("root", nullptr, "the directory that model paths start from"),
};
constexpr coldload_component kComponent =
    sdk::backend_component<LyingBackend>("misbehaving_lying_backend", "claims what is not so", kOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_lying_backend", "0.1.0", "coldload tests", &kComponent);
