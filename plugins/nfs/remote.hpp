// The backend of `url`: files read through libnfs, without a mount.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/diagnose.hpp"
#include "pool.hpp"
#include "settings.hpp"

namespace coldload::nfs {

class RemoteObject : public sdk::Object {
 public:
  RemoteObject(Pool& pool, const std::string& key);
  ~RemoteObject() override;

  void read_at(uint64_t offset, void* buffer, uint64_t length) override;
  // Throws if the range does not lie in the file.
  void check_range(uint64_t offset, uint64_t length) const;
  [[nodiscard]] RemoteFile& file() noexcept { return file_; }
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

 private:
  Pool& pool_;
  RemoteFile file_;
  std::string version_;
};

class RemoteBackend : public sdk::Backend {
 public:
  // Connects once, which proves the options right.
  RemoteBackend(const sdk::Host& host, Settings settings);
  ~RemoteBackend() override;

  void list(const std::string& prefix, const sdk::ListCallback& callback) override;
  [[nodiscard]] coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override;
  [[nodiscard]] std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                                  coldload_object_info& info) override;
  [[nodiscard]] const void* get_extension(std::string_view id) override;

  void diagnose(sdk::Diagnosis& out);

  [[nodiscard]] Pool& pool() noexcept { return pool_; }

 private:
  sdk::Host host_;
  Settings settings_;
  Pool pool_;
};

// Every regular file below `prefix`, as sdk::posix::list_objects() has it. Links are followed by libnfs,
// which takes an absolute one as starting at what is mounted.
void list_remote(Connection& connection, const sdk::Host& host, const std::string& prefix,
                 const sdk::ListCallback& callback);

}  // namespace coldload::nfs
