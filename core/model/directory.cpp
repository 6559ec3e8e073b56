#include "core/model/directory.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/text.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kShardSuffix = ".safetensors";
constexpr uint64_t kRefBytesMax = 4096;

bool is_shard_name(std::string_view name) {
  return name.ends_with(kShardSuffix) && !name.starts_with('.');
}

// What keeps an entry from being a file; "" where it is one, or is named as no shard and may be anything.
std::string fault_of(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code broken;
  const auto type = entry.status(broken).type();
  if (type == fs::file_type::not_found) {
    return fmt::format("{}: link to {}, which does not exist", in_quotes(name),
                       fs::read_symlink(entry.path(), broken).string());
  }
  if (!is_shard_name(name) || type == fs::file_type::regular) return {};
  // One that may not be looked at is no fault of the model: reading it says why.
  if (type == fs::file_type::none || type == fs::file_type::unknown) return {};
  const bool is_directory = type == fs::file_type::directory;
  return fmt::format("{}: is {}", in_quotes(name), is_directory ? "a directory" : "no regular file");
}

// Files directly in the directory, links followed: what lies deeper is not part of what an engine loads.
Result<std::vector<ObjectEntry>> list_files(Inspection& inspection) {
  std::vector<ObjectEntry> listing;
  std::error_code ec;
  fs::directory_iterator entries(inspection.directory, ec);
  for (; !ec && entries != fs::directory_iterator(); entries.increment(ec)) {
    const std::string name = entries->path().filename().string();
    if (const std::string fault = fault_of(*entries); !fault.empty()) {
      inspection.note(fault);
      continue;
    }
    std::error_code broken;
    const auto status = entries->status(broken);
    if (status.type() == fs::file_type::directory) continue;
    const uint64_t size = status.type() == fs::file_type::regular ? entries->file_size(broken) : 0;
    listing.push_back({name, broken ? 0 : size});
    if (listing.size() > limits::kObjectsMax) break;
  }
  if (ec) return fail_errno(ec.value(), inspection.directory.string());
  return listing;
}

Result<std::vector<std::string>> snapshots_of(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code ec;
  fs::directory_iterator entries(directory / "snapshots", ec);
  for (; !ec && entries != fs::directory_iterator(); entries.increment(ec)) {
    if (entries->is_directory(ec)) names.push_back(entries->path().filename().string());
  }
  if (ec) return fail_errno(ec.value(), (directory / "snapshots").string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  return text;
}

void read_headers(Inspection& inspection, const std::vector<ClassifiedObject>& items) {
  for (const ClassifiedObject& item : items) {
    InspectedShard& shard = inspection.shards.emplace_back();
    shard.name = item.name;
    shard.size_bytes = item.size_bytes;
    auto header = read_header(inspection.directory / item.name);
    if (header) {
      shard.header = std::move(*header);
    } else {
      inspection.note(fmt::format("{}: {}", item.name, header.error().message));
    }
  }
}

void read_index(Inspection& inspection) {
  const auto text = read_small_file(inspection.directory / kIndexName, limits::kIndexBytesMax);
  if (!text) {
    inspection.note(text.error().message);
    return;
  }
  auto index = parse_index(*text);
  if (index) {
    inspection.index = std::move(*index);
  } else {
    inspection.note(fmt::format("{}: {}", kIndexName, index.error().message));
  }
}

}  // namespace

void Inspection::note(std::string_view inconsistency) {
  if (inconsistencies.size() < limits::kInconsistenciesMax) {
    inconsistencies.push_back(printable(inconsistency));
  } else {
    ++inconsistencies_not_shown;
  }
}

ObjectKind kind_of_object(std::string_view name, uint64_t size_bytes) {
  if (name.starts_with('.') || name.find("/.") != std::string_view::npos) return ObjectKind::ignored;
  if (name.ends_with(kShardSuffix) && name.find('/') == std::string_view::npos) return ObjectKind::item;
  return size_bytes <= limits::kSmallFileBytesMax ? ObjectKind::small_file : ObjectKind::ignored;
}

Result<ModelObjects> classify_objects(std::vector<ObjectEntry> listing, std::string_view model_path) {
  if (listing.size() > limits::kObjectsMax) {
    return fail(Status::integrity, fmt::format("{}: {} objects, the limit is {}", in_quotes(model_path),
                                               listing.size(), limits::kObjectsMax));
  }
  std::sort(listing.begin(), listing.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  const std::string prefix = model_path.empty() ? "" : std::string(model_path) + "/";
  ModelObjects objects;
  for (size_t i = 0; i < listing.size(); ++i) {
    const ObjectEntry& entry = listing[i];
    if (entry.key.size() > limits::kKeyBytesMax) {
      return fail(Status::integrity, fmt::format("{}: key of {} bytes, the limit is {}", in_quotes(entry.key),
                                                 entry.key.size(), limits::kKeyBytesMax));
    }
    if (!entry.key.starts_with(prefix)) {
      return fail(Status::integrity,
                  fmt::format("{}: listed, but not below {}", in_quotes(entry.key), in_quotes(model_path)));
    }
    if (i > 0 && listing[i - 1].key == entry.key) {
      return fail(Status::integrity, fmt::format("{}: listed twice", in_quotes(entry.key)));
    }
    const std::string name = entry.key.substr(prefix.size());
    const ObjectKind kind = kind_of_object(name, entry.size_bytes);
    auto& list = kind == ObjectKind::item         ? objects.items
                 : kind == ObjectKind::small_file ? objects.small_files
                                                  : objects.ignored;
    list.push_back({entry.key, name, entry.size_bytes});
  }
  return objects;
}

Result<std::vector<std::string>> faulty_files(const fs::path& directory, Wanted wanted) {
  std::vector<std::string> faults;
  std::error_code ec;
  fs::directory_iterator entries(directory, ec);
  for (; !ec && entries != fs::directory_iterator(); entries.increment(ec)) {
    const std::string name = entries->path().filename().string();
    if (name.starts_with('.') || (wanted == Wanted::shards && !is_shard_name(name))) continue;
    if (std::string fault = fault_of(*entries); !fault.empty()) faults.push_back(std::move(fault));
  }
  if (ec) return fail_errno(ec.value(), directory.string());
  std::sort(faults.begin(), faults.end());
  return faults;
}

Result<fs::path> resolve_model_directory(const fs::path& directory) {
  std::error_code ec;
  const auto status = fs::status(directory, ec);
  if (status.type() == fs::file_type::not_found) {
    return fail(Status::not_found, fmt::format("{}: no such directory", directory.string()));
  }
  if (ec) return fail_errno(ec.value(), directory.string());
  if (status.type() != fs::file_type::directory) {
    return fail(Status::not_found, fmt::format("{}: is no directory", directory.string()));
  }
  const bool is_cache_entry =
      fs::is_directory(directory / "snapshots", ec) &&
      (fs::is_directory(directory / "blobs", ec) || fs::is_directory(directory / "refs", ec));
  if (!is_cache_entry) return directory;

  if (fs::exists(directory / "refs" / "main", ec)) {
    const auto revision = read_small_file(directory / "refs" / "main", kRefBytesMax);
    if (!revision) return pass(revision);
    const fs::path name(trimmed(*revision));
    // A revision is one name: never let it lead elsewhere.
    if (name.empty() || name != name.filename() || name == ".." || name == "." ||
        !fs::is_directory(directory / "snapshots" / name, ec)) {
      return fail(Status::not_found,
                  fmt::format("{}: refs/main names {}, which is no snapshot: download it again",
                              directory.string(), in_quotes(name.string())));
    }
    return directory / "snapshots" / name;
  }
  const auto names = snapshots_of(directory);
  if (!names) return pass(names);
  if (names->empty())
    return fail(Status::not_found, fmt::format("{}: snapshots/ is empty", directory.string()));
  if (names->size() > 1) {
    return fail(Status::invalid_option,
                fmt::format("{}: {} snapshots and no refs/main: name one of snapshots/{}", directory.string(),
                            names->size(), fmt::join(*names, ", snapshots/")));
  }
  return directory / "snapshots" / names->front();
}

Result<Inspection> inspect_directory(const fs::path& directory) {
  auto resolved = resolve_model_directory(directory);
  if (!resolved) return pass(resolved);
  Inspection inspection;
  inspection.directory = std::move(*resolved);
  auto listing = list_files(inspection);
  if (!listing) return pass(listing);
  auto objects = classify_objects(std::move(*listing), "");
  if (!objects) return pass(objects);
  read_headers(inspection, objects->items);
  inspection.small_files = std::move(objects->small_files);
  const bool has_index = std::any_of(inspection.small_files.begin(), inspection.small_files.end(),
                                     [](const auto& file) { return file.name == kIndexName; });
  if (has_index) read_index(inspection);
  check_consistency(inspection);
  return inspection;
}

}  // namespace coldload
