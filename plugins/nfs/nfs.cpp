// Backend "nfs": files of an NFS server, through a mount of this kernel (`path`) or through libnfs in this
// process (`url`).
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "coldload/cpp/diagnose.hpp"
#include "coldload/cpp/plugin.hpp"
#include "mounted.hpp"
#include "queue.hpp"
#include "remote.hpp"
#include "settings.hpp"

namespace coldload::nfs {
namespace {

using sdk::Failure;

Settings settings_of(const sdk::Options& options) {
  Settings settings;
  settings.url = parse_url(options.text("url"));
  settings.version = options.choice("version") == "3" ? 3 : 4;
  settings.connections = options.count("connections");
  settings.in_flight = options.count("in_flight");
  settings.read_bytes = options.bytes("read_size");
  settings.nfs_port = options.count("nfsport");
  settings.mount_port = options.count("mountport");
  settings.uid = options.integer("uid");
  settings.gid = options.integer("gid");
  settings.timeout_ns = options.duration_ns("timeout");
  if (settings.version == 3 && settings.url.path == "/") {
    throw Failure(COLDLOAD_INVALID_OPTION, "url \"" + options.text("url") +
                                               "\" names no export, which version 3 needs; expected "
                                               "nfs://server/export");
  }
  if (settings.version == 4 && settings.mount_port != 0) {
    throw Failure(COLDLOAD_INVALID_OPTION,
                  "mountport is " + std::to_string(settings.mount_port) +
                      ", but version 4 has no mount protocol; leave it out, or set version = \"3\"");
  }
  return settings;
}

// A mount decides all of these by itself: one that is asked for and has no say would be a quiet fallback.
void refuse_what_a_mount_decides(const sdk::Options& options) {
  const Settings defaults;
  const std::pair<const char*, bool> asked[] = {
      {"version", options.choice("version") != "4"},
      {"connections", options.count("connections") != defaults.connections},
      {"in_flight", options.count("in_flight") != defaults.in_flight},
      {"read_size", options.bytes("read_size") != defaults.read_bytes},
      {"nfsport", options.count("nfsport") != 0},
      {"mountport", options.count("mountport") != 0},
      {"uid", options.integer("uid") != -1},
      {"gid", options.integer("gid") != -1},
  };
  for (const auto& [name, written] : asked) {
    if (!written) continue;
    throw Failure(COLDLOAD_INVALID_OPTION, std::string(name) +
                                               " has no say with path: the mount's own options decide it; "
                                               "leave it out, or read with url");
  }
}

class NfsBackend : public sdk::Backend {
 public:
  NfsBackend(sdk::Host host, const sdk::Options& options) {
    const std::string path = options.path("path");
    if (path.empty() == options.text("url").empty()) {
      throw Failure(
          COLDLOAD_INVALID_OPTION,
          std::string(path.empty() ? "neither path nor url is given" : "path and url are both given") +
              ": path = \"/mnt/models\" is a directory of an NFS mount, url = "
              "\"nfs://server/export/directory\" reads without one; exactly one of them");
    }
    if (!path.empty()) {
      refuse_what_a_mount_decides(options);
      auto mounted = std::make_unique<MountedBackend>(host, path);
      mounted_ = mounted.get();
      form_ = std::move(mounted);
      return;
    }
    auto remote = std::make_unique<RemoteBackend>(host, settings_of(options));
    remote_ = remote.get();
    form_ = std::move(remote);
  }

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    form_->list(prefix, callback);
  }
  coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override {
    return form_->probe(prefix, open_flags);
  }
  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override {
    return form_->open(key, open_flags, info);
  }
  const void* get_extension(std::string_view id) override {
    return id == COLDLOAD_EXT_DIAGNOSE ? &sdk::kDiagnoseOps<NfsBackend> : form_->get_extension(id);
  }
  void diagnose(const std::string& /*prefix*/, sdk::Diagnosis& out) {
    mounted_ != nullptr ? mounted_->diagnose(out) : remote_->diagnose(out);
  }

  // Of the form with `url`; only that one offers what asks for it.
  [[nodiscard]] Pool& pool() { return remote_->pool(); }

 private:
  std::unique_ptr<sdk::Backend> form_;
  // It is one of these.
  RemoteBackend* remote_ = nullptr;
  MountedBackend* mounted_ = nullptr;
};

constexpr const char* kVersions[] = {"3", "4", nullptr};
constexpr coldload_option kOptions[] = {
    sdk::path_option("path", "", "a directory of an NFS mount, that model paths start from; or url"),
    sdk::string_option("url", "",
                       "nfs://server/export/directory, read through libnfs without a mount; or path"),
    sdk::choice_option("version", "4", kVersions, "of the protocol; this and all below: with url only"),
    sdk::int_option("connections", "4", {"1", "64"}, "connections",
                    "to the server, at most, for reads; a thread with several reads in flight has its own"),
    sdk::int_option("in_flight", "4", {"1", "256"}, "requests", "of one read at once, on one connection"),
    sdk::bytes_option("read_size", "1 MiB", {"4 KiB", "1 MiB"}, "bytes asked for in one request"),
    sdk::int_option("nfsport", "0", {"0", "65535"}, "port",
                    "of the server; 0: 2049, with version 3 what its port mapper says"),
    sdk::int_option("mountport", "0", {"0", "65535"}, "port",
                    "of the server's mount protocol, version 3 only; 0: what its port mapper says"),
    sdk::int_option("uid", "-1", {"-1", "2147483647"}, "id", "user that asks; -1: the one we run as"),
    sdk::int_option("gid", "-1", {"-1", "2147483647"}, "id", "group that asks; -1: the one we run as"),
    sdk::duration_option("timeout", "10 s", {"100 ms", "10 min"},
                         "after which a server that does not answer is an error"),
};
constexpr const char* kSchemes[] = {"nfs", nullptr};
constexpr coldload_component kNfs = sdk::backend_component<NfsBackend>(
    "nfs", "files of an NFS server, on a mount or through libnfs without one", kOptions, kSchemes);

}  // namespace

Pool& pool_of(void* backend) {
  return static_cast<NfsBackend*>(static_cast<sdk::Backend*>(backend))->pool();
}

}  // namespace coldload::nfs

COLDLOAD_EXPORT_PLUGIN("org.coldload.nfs", "0.1.0", "coldload", &coldload::nfs::kNfs);
