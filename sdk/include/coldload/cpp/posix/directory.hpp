// A directory as a backend of files: what `local` and every backend of a mounted file system share.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/host.hpp"
#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/cpp/posix/file_object.hpp"
#include "coldload/cpp/posix/key.hpp"
#include "coldload/cpp/posix/listing.hpp"
#include "coldload/cpp/probing.hpp"

namespace coldload::sdk::posix {

// Keys are paths relative to it; a component ".." is refused, a link may lead anywhere. Its functions are
// those of sdk::Backend. [control-thread]
class Directory {
 public:
  // `option` is the name of the option that holds `path`, for messages. Throws COLDLOAD_INVALID_OPTION unless
  // the path is absolute, COLDLOAD_NOT_FOUND unless it is a directory.
  Directory(const Host& host, const char* option, std::string path) : host_(host), path_(std::move(path)) {
    if (path_.empty() || path_[0] != '/') {
      throw Failure(COLDLOAD_INVALID_OPTION, std::string(option) + " is \"" + path_ +
                                                 "\": expected an absolute path, such as \"/mnt/models\"");
    }
    root_ = Descriptor(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root_) throw os_failure(errno, std::string(option) + " " + path_);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // An O_PATH descriptor of the directory.
  [[nodiscard]] int fd() const noexcept { return root_.get(); }

  void list(const std::string& prefix, const ListCallback& callback) const {
    check_key(prefix, KeyUse::prefix);
    list_objects(host_, root_.get(), prefix, callback);
  }
  [[nodiscard]] coldload_object_info probe(const std::string& prefix, uint32_t open_flags) const {
    return probe_by_opening(*this, host_, full(prefix), prefix, open_flags);
  }
  [[nodiscard]] std::unique_ptr<Object> open(const std::string& key, uint32_t open_flags,
                                             coldload_object_info& info) const {
    check_key(key, KeyUse::object);
    return open_file(root_.get(), key, full(key), open_flags, info);
  }

 private:
  [[nodiscard]] std::string full(const std::string& key) const { return path_ + "/" + key; }

  Host host_;
  std::string path_;
  Descriptor root_;
};

}  // namespace coldload::sdk::posix
