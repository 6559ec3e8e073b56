// Directories and files below the target's root, opened so that no link and no ".." is ever followed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coldload/cpp/posix/descriptor.hpp"
#include "manifest.hpp"

namespace coldload::staged {

using sdk::posix::Descriptor;

// A directory below the root that a human may see in a message.
struct Directory {
  Descriptor fd;  // readable, so that it can be listed, locked and synced
  std::string shown;
};

// openat2() with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS; an invalid descriptor and errno where it fails.
[[nodiscard]] Descriptor open_beneath(int directory, const std::string& name, int flags, unsigned mode = 0);

// Opens the directory `path` ("" is `root` itself), each missing part made and synced. `made` gets the parts
// that were made, outermost first.
[[nodiscard]] Directory make_directories(int root, const std::string& shown_root, const std::string& path,
                                         std::vector<std::string>* made = nullptr);

// A directory that does not exist gives an invalid descriptor; other failures throw.
[[nodiscard]] Directory open_directory(int root, const std::string& shown_root, const std::string& path);

inline constexpr unsigned kFileMode = 0644;  // less the umask

// A new file, its parents below `directory` made. Throws if it exists.
[[nodiscard]] Descriptor create_file(const Directory& directory, const std::string& name,
                                     unsigned mode = kFileMode);

void write_file(const Directory& directory, const std::string& name, const std::string& text);

// At most `bytes_max`; "" with `found` false where there is none. Refuses what is not a regular file.
[[nodiscard]] std::string read_file(const Directory& directory, const std::string& name, uint64_t bytes_max,
                                    bool& found);

void sync_directory(const Directory& directory);
// Every directory that holds one of the files, deepest first, then `directory`.
void sync_directories(const Directory& directory, const Manifest& manifest);

// The first entry below `directory` that is neither a file of the manifest, nor a directory on the way to
// one, nor the manifest itself, or "".
[[nodiscard]] std::string foreign_entry(const Directory& directory, const Manifest& manifest);

// The first file of the manifest that was written to after the manifest itself, which is written last, or "".
[[nodiscard]] std::string changed_entry(const Directory& directory, const Manifest& manifest);

// Removes what the manifest names, then `name` itself. Where anything else lies there nothing is removed, and
// that is thrown.
void remove_copy(const Directory& parent, const std::string& name, const Manifest& manifest);

}  // namespace coldload::staged
