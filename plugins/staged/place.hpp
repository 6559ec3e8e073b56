// Where one copy stands, and how it gets there: made whole in a hidden directory beside, put in place by one
// rename.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "manifest.hpp"
#include "tree.hpp"

namespace coldload::staged {

// A copy in the making: ".<name>.<random>.partial" beside its final place, locked while it is made. Unless it
// is committed it is removed with this object.
class Staging {
 public:
  // Throws as the file system does; UNSUPPORTED where an older copy would have to be exchanged and the file
  // system cannot.
  Staging(Directory parent, std::string name, Manifest planned, bool replaces);
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging();

  [[nodiscard]] const Directory& directory() const { return directory_; }

  // Manifest and directories are made durable, then one rename puts the copy in place; an older copy is
  // exchanged with it and removed. Where that one has become more than a copy meanwhile, it gets its place
  // back: UNSUPPORTED.
  void commit(const Manifest& complete);

 private:
  void check_exchange();
  void remove_displaced();

  Directory parent_;
  std::string name_;
  std::string partial_;
  Manifest planned_;
  bool replaces_;
  Directory directory_;
  bool committed_ = false;
};

class Place {
 public:
  // `path` below the root: at least one part, checked. `root` is borrowed.
  Place(int root, std::string shown_root, std::string path);

  [[nodiscard]] std::string shown() const { return shown_root_ + "/" + path_; }

  // The manifest of the copy that stands there; nothing where there is none. Throws UNSUPPORTED where
  // something stands there that is no copy of ours, alone and as it was made.
  [[nodiscard]] std::optional<Manifest> existing() const;

  // Whether every file of the manifest is there in its size. Reads no file.
  [[nodiscard]] bool holds(const Manifest& manifest) const;

  [[nodiscard]] Staging begin(const Manifest& planned) const;

  // Bytes that may still be written there.
  [[nodiscard]] uint64_t free_bytes() const;

  // Removes what staging that was cut off left beside this place. Returns how many.
  uint32_t sweep() const;

  // Removes the copy, if one stands there, and the directories above it as below.
  void remove(const std::string& keep) const;

  // Removes the directories above the place as far as they are empty and lie below `keep`.
  void remove_empty_above(const std::string& keep) const;

 private:
  int root_;
  std::string shown_root_;
  std::string path_;
  std::string parent_;
  std::string name_;
};

}  // namespace coldload::staged
