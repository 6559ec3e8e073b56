// Backend "local": files below a directory of any mounted file system.
#include <memory>
#include <string>
#include <string_view>

#include "coldload/cpp/diagnose.hpp"
#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/posix/directory.hpp"
#include "coldload/cpp/posix/directory_extension.hpp"
#include "surroundings.hpp"

namespace coldload::local {
namespace {

class LocalBackend : public sdk::Backend {
 public:
  LocalBackend(sdk::Host host, const sdk::Options& options)
      : directory_(host, "root", options.path("root")) {}

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    directory_.list(prefix, callback);
  }
  coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override {
    return directory_.probe(prefix, open_flags);
  }
  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override {
    return directory_.open(key, open_flags, info);
  }
  const void* get_extension(std::string_view id) override {
    if (id == COLDLOAD_EXT_DIRECTORY) return &sdk::posix::kDirectoryOps<LocalBackend>;
    return id == COLDLOAD_EXT_DIAGNOSE ? &sdk::kDiagnoseOps<LocalBackend> : nullptr;
  }
  void diagnose(const std::string& prefix, sdk::Diagnosis& out) const {
    diagnose_directory(directory_, prefix, out);
  }
  [[nodiscard]] const sdk::posix::Directory& directory() const { return directory_; }

 private:
  sdk::posix::Directory directory_;
};

constexpr coldload_option kOptions[] = {
    sdk::path_option("root", nullptr, "the directory that model paths start from"),
};
constexpr const char* kSchemes[] = {"file", nullptr};
constexpr coldload_component kLocal = sdk::backend_component<LocalBackend>(
    "local", "files of any mounted file system, local disk or network mount alike", kOptions, kSchemes);

}  // namespace
}  // namespace coldload::local

COLDLOAD_EXPORT_PLUGIN("org.coldload.local", "0.1.0", "coldload", &coldload::local::kLocal);
