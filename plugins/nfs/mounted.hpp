// The backend of `path`: files of a directory that is proved to lie on an NFS mount of this kernel.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/diagnose.hpp"
#include "coldload/cpp/posix/directory.hpp"
#include "mount.hpp"

namespace coldload::nfs {

class MountedBackend : public sdk::Backend {
 public:
  // Throws COLDLOAD_INVALID_OPTION, with what it is instead, unless `path` lies on NFS.
  MountedBackend(const sdk::Host& host, const std::string& path);

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    directory_.list(prefix, callback);
  }
  [[nodiscard]] coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override {
    return directory_.probe(prefix, open_flags);
  }
  [[nodiscard]] std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                                  coldload_object_info& info) override {
    return directory_.open(key, open_flags, info);
  }
  void diagnose(sdk::Diagnosis& out) const;

 private:
  sdk::posix::Directory directory_;
  std::optional<Mount> mount_;
};

}  // namespace coldload::nfs
