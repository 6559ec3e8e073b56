// What kind of storage a backend reads from, as the reader of a report needs to know it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace coldload {

enum class StorageKind : uint8_t {
  unknown,
  local_disk,
  memory,         // tmpfs: a copy that is gone after a restart of the machine
  network_mount,  // a directory that a kernel or FUSE client brings from elsewhere
  object_store,   // read over HTTP
  network,        // a server that a plugin talks to by itself, or an emulated one
  staged,         // copied from one backend to another first
  synthetic,      // stored nowhere
};
// "local_disk", "object_store", …: the result document's word.
[[nodiscard]] std::string_view to_string(StorageKind kind);
// unknown for a word that is none.
[[nodiscard]] StorageKind storage_kind_from(std::string_view text);
// "local disk", "object store", …: the word of a sentence.
[[nodiscard]] std::string_view in_words(StorageKind kind);

// Bytes that come over a network whenever they are read.
[[nodiscard]] constexpr bool is_network(StorageKind kind) {
  return kind == StorageKind::network_mount || kind == StorageKind::object_store ||
         kind == StorageKind::network;
}

}  // namespace coldload
