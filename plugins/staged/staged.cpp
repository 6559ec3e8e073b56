// Backend "staged": objects of a source, copied to a directory of a target before they are read. The copy is
// made whole beside its place and put there by one rename; what coldload did not make is never written over.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coldload/cpp/diagnose.hpp"
#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/upstream.hpp"
#include "coldload/ext/directory.h"
#include "coldload/ext/prepare.h"
#include "copy.hpp"
#include "diagnosis.hpp"
#include "manifest.hpp"
#include "name.hpp"
#include "place.hpp"

namespace coldload::staged {
namespace {

using sdk::Failure;

constexpr uint64_t kScratchBytes = 4096;
constexpr const char* kProbe = ".probe";
// Who made a copy, where the options do not say: gone after the scenario's last run, or not.
constexpr const char* kRun = "run";
constexpr const char* kKept = "kept";

// An object of the copy: all the target offers for its file.
class StagedObject : public sdk::Object {
 public:
  explicit StagedObject(sdk::UpstreamObject file) : file_(std::move(file)) {}
  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    file_.read_at(offset, buffer, length);
  }
  void evict() override { file_.evict(); }
  uint64_t residency() override { return file_.residency(); }

 private:
  sdk::UpstreamObject file_;
};

class StagedBackend : public sdk::Backend {
 public:
  StagedBackend(sdk::Host host, const sdk::Options& options)
      : host_(host),
        source_(options.backend("source")),
        target_(options.backend("target")),
        directory_(options.text("directory")),
        keep_(options.boolean("keep")),
        reserve_bytes_(options.bytes("reserve")) {
    settings_.threads = options.count("parallel");
    settings_.chunk_bytes = options.bytes("chunk");
    settings_.limit_bytes_per_second = options.bytes_per_second("limit");
    made_by_ = options.text("made_by");
    if (!is_maker(made_by_)) {
      throw Failure(COLDLOAD_INVALID_OPTION,
                    "made_by is \"" + made_by_ + "\": expected a word of lower-case letters, digits and '-'");
    }
    if (made_by_.empty()) made_by_ = keep_ ? kKept : kRun;
    own_directory_ = directory_.empty();
    if (own_directory_) directory_ = ".coldload-staged/" + host_.instance();
    if (const std::string fault = fault_of_name(directory_); !fault.empty()) {
      throw Failure(COLDLOAD_INVALID_OPTION,
                    "directory is \"" + directory_ + "\", which " + fault +
                        ": expected a path below the target's root, such as \"models\"");
    }
    const auto* ops = target_.extension<coldload_directory_ops>(COLDLOAD_EXT_DIRECTORY);
    if (ops == nullptr) {
      throw Failure(COLDLOAD_INVALID_OPTION,
                    "target: its objects are not files below a directory, so nothing can be staged there: "
                    "expected a backend such as \"local\"");
    }
    const char* path = nullptr;
    sdk::checked([&](coldload_error* error) { return ops->root(target_.self(), &root_, &path, error); });
    root_path_ = path;
  }

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    source_.list(prefix, callback);
  }
  coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override;
  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t open_flags,
                                    coldload_object_info& info) override {
    sdk::UpstreamObject file = target_.open(directory_ + "/" + key, open_flags);
    info = file.info();
    return std::make_unique<StagedObject>(std::move(file));
  }
  const void* get_extension(std::string_view id) override;

  [[nodiscard]] bool is_prepared(const std::string& prefix) const;
  void prepare(const std::string& prefix, const CopyProgress& progress) const;
  void discard(const std::string& prefix) const;
  void verify(const std::string& prefix, const CopyProgress& progress) const;
  void diagnose(const std::string& prefix, sdk::Diagnosis& out) const;

 private:
  [[nodiscard]] Place place_of(const std::string& prefix) const {
    return {root_, root_path_, prefix.empty() ? directory_ : directory_ + "/" + prefix};
  }
  [[nodiscard]] Manifest listed(const std::string& prefix) const;
  void find_versions(const std::string& prefix, Manifest& manifest) const;
  void sweep(const Place& place) const;
  void copy_to(const Place& place, const std::string& prefix, Manifest& manifest,
               const CopyProgress& progress) const;
  // The directory that was there before us, as far as we know.
  [[nodiscard]] std::string kept_directory() const { return own_directory_ ? "" : directory_; }
  void check_space(const Place& place, const Manifest& planned) const;

  sdk::Host host_;
  sdk::Upstream source_;
  sdk::Upstream target_;
  std::string directory_;
  std::string made_by_;
  bool own_directory_ = false;
  bool keep_;
  uint64_t reserve_bytes_;
  CopySettings settings_;
  int root_ = -1;
  std::string root_path_;
};

// What the source holds below the prefix, as files of a copy.
Manifest StagedBackend::listed(const std::string& prefix) const {
  Manifest manifest;
  const size_t lead = prefix.empty() ? 0 : prefix.size() + 1;
  source_.list(prefix, [&](const std::string& key, uint64_t size_bytes) {
    if (key.size() <= lead) {
      throw Failure(COLDLOAD_UNSUPPORTED,
                    "\"" + key + "\" is an object and no directory: name its directory");
    }
    std::string name = key.substr(lead);
    check_name(name);
    if (name == kManifestName || name == kManifestNextName) return;
    manifest.files.push_back({std::move(name), size_bytes, "-", "-"});
  });
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const ManifestFile& a, const ManifestFile& b) { return a.name < b.name; });
  if (manifest.files.empty()) {
    throw Failure(COLDLOAD_NOT_FOUND, "\"" + prefix + "\": the source holds nothing there");
  }
  return manifest;
}

// Tried on a scratch file where the copy will be, which is gone afterwards.
coldload_object_info StagedBackend::probe(const std::string& prefix, uint32_t open_flags) {
  const Place place = place_of(prefix);
  (void)place.existing();  // throws where foreign files stand
  Manifest scratch;
  scratch.files.push_back({"probe", kScratchBytes, "-", "-"});
  scratch.made_by = made_by_;
  std::vector<std::string> made;
  const Directory directory = make_directories(root_, root_path_, directory_, &made);
  const Place beside(root_, root_path_, directory_ + "/" + kProbe);
  (void)beside.sweep();
  coldload_object_info info = sdk::empty_object_info();
  {
    const Staging staging = beside.begin(scratch);
    write_file(staging.directory(), "probe", std::string(kScratchBytes, '\0'));
    const std::string shown = staging.directory().shown;
    const sdk::UpstreamObject file = target_.open(shown.substr(root_path_.size() + 1) + "/probe", open_flags);
    info = file.info();
  }
  for (auto path = made.rbegin(); path != made.rend(); ++path) {
    const SplitName split = split_name(*path);
    const Directory parent = open_directory(root_, root_path_, split.parent);
    ::unlinkat(parent.fd.get(), split.last.c_str(), AT_REMOVEDIR);
  }
  info.fd = -1;
  info.path = nullptr;
  info.size_bytes = 0;
  return info;
}

bool StagedBackend::is_prepared(const std::string& prefix) const {
  const Place place = place_of(prefix);
  const auto manifest = place.existing();
  if (!manifest || !manifest->complete) return false;
  Manifest wanted = listed(prefix);
  if (!is_of(*manifest, wanted) || !place.holds(*manifest)) return false;
  find_versions(prefix, wanted);
  if (!is_of(*manifest, wanted)) return false;
  if (!tells_versions(*manifest, wanted)) {
    host_.log(COLDLOAD_LOG_WARNING, place.shown() +
                                        ": that it is what the source holds now is known by names "
                                        "and sizes only: the source tells no versions");
  }
  return true;
}

// What the source's objects are now; opening tells it, listing does not.
void StagedBackend::find_versions(const std::string& prefix, Manifest& manifest) const {
  for (ManifestFile& file : manifest.files) {
    host_.throw_if_cancelled();
    const sdk::UpstreamObject object = source_.open(prefix.empty() ? file.name : prefix + "/" + file.name);
    file.version = version_word(object.info().version);
  }
}

void StagedBackend::check_space(const Place& place, const Manifest& planned) const {
  const uint64_t free_bytes = place.free_bytes();
  const uint64_t total = planned.total_bytes();
  if (free_bytes >= total && free_bytes - total >= reserve_bytes_) return;
  throw Failure(COLDLOAD_IO_ERROR,
                place.shown() + ": the copy needs " + std::to_string(total) +
                    " bytes and leaves a reserve of " + std::to_string(reserve_bytes_) + ", and " +
                    std::to_string(free_bytes) +
                    " are free: free some, name another target, or lower `reserve`",
                ENOSPC);
}

void StagedBackend::sweep(const Place& place) const {
  const uint32_t swept = place.sweep() + Place(root_, root_path_, directory_ + "/" + kProbe).sweep();
  if (swept == 0) return;
  host_.log(COLDLOAD_LOG_INFO,
            place.shown() + ": removed what " + std::to_string(swept) + " staging that was cut off had left");
}

void StagedBackend::prepare(const std::string& prefix, const CopyProgress& progress) const {
  const Place place = place_of(prefix);
  sweep(place);
  const auto older = place.existing();
  Manifest manifest = listed(prefix);
  // What stood there to stay is stays, made anew.
  manifest.made_by = older && older->made_by != kRun ? older->made_by : made_by_;
  check_space(place, manifest);
  try {
    copy_to(place, prefix, manifest, progress);
  } catch (...) {
    place.remove_empty_above(kept_directory());
    throw;
  }
}

void StagedBackend::copy_to(const Place& place, const std::string& prefix, Manifest& manifest,
                            const CopyProgress& progress) const {
  Staging staging = place.begin(manifest);
  const CopyTimes times = copy_files(host_, source_, prefix.empty() ? "" : prefix + "/", staging.directory(),
                                     settings_, manifest, progress);
  manifest.complete = true;
  staging.commit(manifest);
  host_.metric("staged/copied_bytes", "bytes", static_cast<double>(manifest.total_bytes()));
  host_.metric("staged/files", "count", static_cast<double>(manifest.files.size()));
  host_.metric("staged/transfer_ns", "ns", static_cast<double>(times.transfer_ns));
  host_.metric("staged/sync_ns", "ns", static_cast<double>(times.sync_ns));
  host_.evidence("copy", place.shown());
  host_.evidence("copy_threads", settings_.threads);
}

void StagedBackend::discard(const std::string& prefix) const {
  if (keep_) return;
  const Place place = place_of(prefix);
  sweep(place);
  const auto manifest = place.existing();
  if (manifest && manifest->made_by != made_by_) {
    const std::string made = manifest->made_by.empty() ? "something else" : "\"" + manifest->made_by + "\"";
    const std::string told =
        place.shown() + ": stays, since it was made by " + made + " and not by \"" + made_by_ + "\"";
    if (made_by_ != kRun) throw Failure(COLDLOAD_UNSUPPORTED, told);
    host_.log(COLDLOAD_LOG_INFO, told);
    return;
  }
  place.remove(kept_directory());
}

void StagedBackend::verify(const std::string& prefix, const CopyProgress& progress) const {
  const Place place = place_of(prefix);
  const auto manifest = place.existing();
  if (!manifest) throw Failure(COLDLOAD_NOT_FOUND, place.shown() + ": no copy stands there");
  const std::string under = prefix.empty() ? "" : prefix + "/";
  verify_files(host_,
               {target_, directory_ + "/" + under, true, "the copy is damaged, remove it and stage again"},
               settings_, *manifest, progress);
  Manifest source = listed(prefix);
  find_versions(prefix, source);
  if (!is_of(*manifest, source)) {
    throw Failure(COLDLOAD_INTEGRITY, place.shown() + ": the source holds something else now: stage again");
  }
  if (tells_versions(*manifest, source)) return;
  // Nothing but its bytes tells that the source is still what was copied.
  verify_files(host_, {source_, under, false, "the source has changed since, stage again"}, settings_,
               *manifest, progress);
}

void StagedBackend::diagnose(const std::string& prefix, sdk::Diagnosis& out) const {
  tell_writable(root_, root_path_, out);
  const Place place = place_of(prefix);
  try {
    (void)place.existing();
  } catch (const Failure& failure) {
    out.error("place of the copy: taken", failure.what(),
              "name another `directory` or target; coldload leaves it as it is");
    return;
  }
  if (is_prepared(prefix)) {
    out.ok("the copy in " + place.shown() + " is there, whole");
    return;
  }
  tell_room(place.shown(), {listed(prefix).total_bytes(), place.free_bytes(), reserve_bytes_}, out);
}

StagedBackend& backend_of(void* self) {
  // The table's self is the base class that sdk::BackendTable made.
  return static_cast<StagedBackend&>(*static_cast<sdk::Backend*>(self));
}

coldload_status is_prepared(void* self, const char* prefix, uint32_t* out_prepared, coldload_error* error) {
  return sdk::guarded(error, [&] { *out_prepared = backend_of(self).is_prepared(prefix) ? 1 : 0; });
}

coldload_status prepare(void* self, const char* prefix, void (*progress)(void*, uint64_t, uint64_t),
                        void* context, coldload_error* error) {
  return sdk::guarded(error, [&] {
    backend_of(self).prepare(prefix, [&](uint64_t done, uint64_t total) { progress(context, done, total); });
  });
}

coldload_status discard(void* self, const char* prefix, coldload_error* error) {
  return sdk::guarded(error, [&] { backend_of(self).discard(prefix); });
}

coldload_status verify(void* self, const char* prefix, void (*progress)(void*, uint64_t, uint64_t),
                       void* context, coldload_error* error) {
  return sdk::guarded(error, [&] {
    backend_of(self).verify(prefix, [&](uint64_t done, uint64_t total) { progress(context, done, total); });
  });
}

constexpr coldload_prepare_ops kPrepareOps = {
    sizeof(coldload_prepare_ops), 0, is_prepared, prepare, discard, verify};

const void* StagedBackend::get_extension(std::string_view id) {
  if (id == COLDLOAD_EXT_DIAGNOSE) return &sdk::kDiagnoseOps<StagedBackend>;
  return id == COLDLOAD_EXT_PREPARE ? &kPrepareOps : nullptr;
}

constexpr coldload_option kOptions[] = {
    sdk::backend_option("source", "the backend that is copied from"),
    sdk::backend_option("target",
                        "the backend that is copied to: files below a directory, such as \"local\""),
    sdk::string_option("directory", "",
                       "where copies lie below the target's root; empty: .coldload-staged/NAME"),
    sdk::int_option("parallel", "4", {"1", "256"}, "threads", "that copy at once"),
    sdk::bytes_option("chunk", "8 MiB", {"64 KiB", "256 MiB"}, "read and written at a time"),
    sdk::rate_option("limit", "0 B/s", {"0 B/s", "1000 Gbit/s"}, "of the whole copy; 0 B/s: none"),
    sdk::bytes_option("reserve", "1 GiB", {"0 B", "1024 TiB"}, "that stays free on the target"),
    sdk::bool_option("keep", "false", "the copy stays after the scenario's last run"),
    sdk::string_option("made_by", "",
                       "kept in the copy's manifest; only copies of the same maker are removed. "
                       "Empty: run, with keep kept"),
};
constexpr coldload_component kStaged = sdk::backend_component<StagedBackend>(
    "staged", "objects of one backend, copied to another before they are read", kOptions);

}  // namespace
}  // namespace coldload::staged

COLDLOAD_EXPORT_PLUGIN("org.coldload.staged", "0.1.0", "coldload", &coldload::staged::kStaged);
