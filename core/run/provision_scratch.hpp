// What `coldload provision` makes beside the copies: the generated model that they are copied from, and the
// directories above them. Each goes again, at the latest with the next provision of the same root.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/file.hpp"
#include "core/base/result.hpp"

namespace coldload {

// ".coldload-provision-" and 32 random hexadecimal digits.
[[nodiscard]] std::string new_scratch_name();

// An empty directory, locked as long as this object lives: its lock, not a process number, says that its
// maker does. Goes with this object, and all of a generated model that lies in it. [control-thread]
class ProvisionScratch {
 public:
  [[nodiscard]] static Result<ProvisionScratch> create(const std::filesystem::path& directory);
  ProvisionScratch(ProvisionScratch&&) = default;
  ProvisionScratch(const ProvisionScratch&) = delete;
  ProvisionScratch& operator=(const ProvisionScratch&) = delete;
  ProvisionScratch& operator=(ProvisionScratch&&) = delete;
  ~ProvisionScratch();

 private:
  ProvisionScratch(std::filesystem::path path, Descriptor directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  std::filesystem::path path_;
  Descriptor directory_;
};

// Removes from `root` what a ProvisionScratch that was killed left: a directory of that name, unlocked, that
// holds nothing but files of a generated model. A link is never followed. [control-thread]
struct SweptScratch {
  std::vector<std::string> removed;  // paths
  std::vector<std::string> left;     // paths, each with why it stays
};
[[nodiscard]] SweptScratch sweep_scratch(const std::filesystem::path& root);

// The missing directories between a root and a copy. They are marked (extended attribute user.coldload.made),
// so that remove_made_directories() knows them; where a file system keeps no such mark, they stay once the
// copy is made. [control-thread]
class MadeDirectories {
 public:
  // Makes those above `path`, which lies below `root`; the root itself has to be there.
  [[nodiscard]] static Result<MadeDirectories> make(const std::filesystem::path& root,
                                                    const std::filesystem::path& path);
  MadeDirectories(MadeDirectories&&) = default;
  MadeDirectories(const MadeDirectories&) = delete;
  MadeDirectories& operator=(const MadeDirectories&) = delete;
  MadeDirectories& operator=(MadeDirectories&&) = delete;
  // Removes those it made that are empty, unless they are kept.
  ~MadeDirectories();
  void keep() { made_.clear(); }

 private:
  MadeDirectories() = default;
  std::vector<std::filesystem::path> made_;  // outermost first
};

// Removes the directories above `path` and below `root` that are marked and empty, innermost first.
void remove_made_directories(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace coldload
