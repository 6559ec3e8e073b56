#include "core/record/storage.hpp"

#include <array>

namespace coldload {
namespace {

struct Name {
  StorageKind kind;
  std::string_view word;
  std::string_view in_words;
};
constexpr std::array<Name, 8> kNames = {{
    {StorageKind::unknown, "unknown", "storage of an unknown kind"},
    {StorageKind::local_disk, "local_disk", "local disk"},
    {StorageKind::memory, "memory", "memory"},
    {StorageKind::network_mount, "network_mount", "network mount"},
    {StorageKind::object_store, "object_store", "object store"},
    {StorageKind::network, "network", "network"},
    {StorageKind::staged, "staged", "staged copy"},
    {StorageKind::synthetic, "synthetic", "nowhere: made-up bytes"},
}};

const Name& name_of(StorageKind kind) {
  for (const Name& name : kNames) {
    if (name.kind == kind) return name;
  }
  return kNames.front();
}

}  // namespace

std::string_view to_string(StorageKind kind) {
  return name_of(kind).word;
}

std::string_view in_words(StorageKind kind) {
  return name_of(kind).in_words;
}

StorageKind storage_kind_from(std::string_view text) {
  for (const Name& name : kNames) {
    if (name.word == text) return name.kind;
  }
  return StorageKind::unknown;
}

}  // namespace coldload
