#include <fcntl.h>
#include <nfsc/libnfs.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "coldload/cpp/posix/listing.hpp"
#include "remote.hpp"

namespace coldload::nfs {
namespace {

using sdk::Failure;

struct Entry {
  std::string name;
  mode_t mode = 0;  // 0: the server did not tell.
  uint64_t size_bytes = 0;
};

struct Status {
  bool done = false;
  int status = 0;
  nfs_stat_64 found = {};
};

class Walk {
 public:
  Walk(Connection& connection, const sdk::Host& host, const sdk::ListCallback& callback)
      : connection_(connection), host_(host), callback_(callback) {}

  // `key` is "" at the root.
  void directory(const std::string& key) {
    const Status status = stat(key);
    if (status.status < 0) throw connection_.failure(listing(key), status.status, nullptr);
    if (!S_ISDIR(static_cast<mode_t>(status.found.nfs_mode)))
      throw connection_.failure(listing(key), -ENOTDIR, nullptr);
    const std::pair<uint64_t, uint64_t> identity = {status.found.nfs_dev, status.found.nfs_ino};
    if (std::find(above_.begin(), above_.end(), identity) != above_.end()) return;
    if (above_.size() == sdk::posix::kListDepthMax) {
      throw Failure(COLDLOAD_UNSUPPORTED, shown(key) + ": more than 64 directories deep");
    }
    above_.push_back(identity);
    for (const Entry& entry : entries(key)) visit(entry, key.empty() ? entry.name : key + "/" + entry.name);
    above_.pop_back();
  }

 private:
  [[nodiscard]] static std::string listing(const std::string& key) { return "listing \"/" + key + "\""; }
  [[nodiscard]] std::string shown(const std::string& key) const {
    return connection_.settings().shown() + ": " + listing(key);
  }

  // Of what a link points to.
  Status stat(const std::string& key) {
    Status out;
    connection_.expect();
    const auto finished = [](int status, nfs_context*, void* data, void* self) noexcept {
      auto& result = *static_cast<Status*>(self);
      result.done = true;
      result.status = status;
      if (status >= 0) result.found = *static_cast<const nfs_stat_64*>(data);
    };
    if (nfs_stat64_async(connection_.context(), ("/" + key).c_str(), finished, &out) != 0) {
      throw connection_.failure(listing(key), -EIO, nfs_get_error(connection_.context()));
    }
    constexpr int kWaitMs = 20;
    while (!out.done) connection_.pump(kWaitMs);
    return out;
  }

  std::vector<Entry> entries(const std::string& key) {
    Answer opened;
    connection_.expect();
    if (nfs_opendir_async(connection_.context(), ("/" + key).c_str(), Connection::finished, &opened) != 0) {
      throw connection_.failure(listing(key), -EIO, nfs_get_error(connection_.context()));
    }
    connection_.wait(opened);
    if (opened.status < 0) throw connection_.failure(listing(key), opened.status, opened.error.data());
    // The whole directory is in memory by now.
    auto* directory = static_cast<nfsdir*>(opened.pointer);
    std::vector<Entry> found;
    while (const nfsdirent* entry = nfs_readdir(connection_.context(), directory)) {
      const std::string name = entry->name;
      if (name != "." && name != "..") {
        found.push_back({name, static_cast<mode_t>(entry->mode), entry->size});
      }
    }
    nfs_closedir(connection_.context(), directory);
    std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return found;
  }

  void visit(const Entry& entry, const std::string& key) {
    host_.throw_if_cancelled();
    if (++entries_ > sdk::posix::kListEntriesMax) {
      throw Failure(COLDLOAD_UNSUPPORTED, shown(key) + ": more than 1000000 entries");
    }
    if (S_ISREG(entry.mode)) return callback_(key, entry.size_bytes);
    if (S_ISDIR(entry.mode)) return directory(key);
    const Status status = stat(key);
    if (status.status == -ENOENT || status.status == -ELOOP) {
      host_.log(COLDLOAD_LOG_WARNING, "\"" + key + "\" is a link that leads nowhere, left out");
      return;
    }
    if (status.status < 0) throw connection_.failure(listing(key), status.status, nullptr);
    const auto mode = static_cast<mode_t>(status.found.nfs_mode);
    if (S_ISDIR(mode)) directory(key);
    if (S_ISREG(mode)) callback_(key, status.found.nfs_size);
  }

  Connection& connection_;
  const sdk::Host& host_;
  const sdk::ListCallback& callback_;
  std::vector<std::pair<uint64_t, uint64_t>> above_;
  uint64_t entries_ = 0;
};

}  // namespace

void list_remote(Connection& connection, const sdk::Host& host, const std::string& prefix,
                 const sdk::ListCallback& callback) {
  Walk(connection, host, callback).directory(prefix);
}

}  // namespace coldload::nfs
