// Whether somebody else could put other code into a plugin's place. A plugin runs with all that the caller
// may do, so that root must not open one that another user can replace.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <set>
#include <string>

namespace coldload {

class Trust {
 public:
  // Trusted are root, `user`, and whoever can replace `program` (absolute) itself: the owners of that file
  // and of the directories above it. Those directories are not judged again when a plugin lies below them
  // too.
  Trust(uid_t user, const std::filesystem::path& program);

  // What lets somebody who is not trusted replace `file` (absolute, links resolved), and how to mend it:
  // "…/plugins may be written by others (mode 0777): …". "" if nothing does. Looks at the file and every
  // directory above it: each belongs to somebody trusted, and no other group or user may write to it, but for
  // a directory with the sticky bit, in which others cannot replace what is not theirs. A group that is its
  // owner's alone is no other.
  [[nodiscard]] std::string objection(const std::filesystem::path& file) const;

 private:
  [[nodiscard]] std::string objection_to(const std::filesystem::path& entry) const;

  std::set<uid_t> owners_;
  std::set<std::filesystem::path> above_program_;
};

// Whether what this process opens runs with more than its user's own rights: as root.
[[nodiscard]] bool is_privileged();

// Names of a file's owner and group, numbers where the system knows no names: "root:root".
[[nodiscard]] std::string owner_name(uid_t user, gid_t group);

}  // namespace coldload
