// An honest directory of files to depart from.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/posix/directory.hpp"

namespace coldload::misbehaving {

// Passes everything on to the file.
class Passing : public sdk::Object {
 public:
  explicit Passing(std::unique_ptr<sdk::Object> file) : file_(std::move(file)) {}

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    file_->read_at(offset, buffer, length);
  }
  void evict() override { file_->evict(); }
  uint64_t residency() override { return file_->residency(); }

 protected:
  std::unique_ptr<sdk::Object> file_;
};

class Storing : public sdk::Backend {
 public:
  Storing(sdk::Host host, const sdk::Options& options)
      : host_(host), directory_(host, "root", options.path("root")) {}

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    directory_.list(prefix, callback);
  }
  coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override {
    return directory_.probe(prefix, open_flags);
  }
  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override {
    return wrapped(directory_.open(key, open_flags, info), info);
  }

 protected:
  [[nodiscard]] virtual std::unique_ptr<sdk::Object> wrapped(std::unique_ptr<sdk::Object> file,
                                                             coldload_object_info& /*info*/) {
    return file;
  }

  sdk::Host host_;
  sdk::posix::Directory directory_;
};

inline constexpr coldload_option kStoringOptions[] = {
    sdk::path_option("root", nullptr, "the directory that model paths start from"),
};

}  // namespace coldload::misbehaving
