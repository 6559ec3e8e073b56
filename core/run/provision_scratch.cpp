#include "core/run/provision_scratch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "core/base/text.hpp"
#include "core/model/generator.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScratchBegin = ".coldload-provision-";
constexpr size_t kWordBytes = 16;
constexpr const char* kMadeMark = "user.coldload.made";

bool is_scratch_name(std::string_view name) {
  if (!name.starts_with(kScratchBegin)) return false;
  const std::string_view word = name.substr(kScratchBegin.size());
  return word.size() == 2 * kWordBytes && word.find_first_not_of("0123456789abcdef") == word.npos;
}

Descriptor open_directory(const fs::path& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool lock(const Descriptor& directory) {
  return directory.valid() && ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0;
}

// Why what lies there may not be removed, or nothing.
std::optional<std::string> why_foreign(const fs::path& directory) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code unknown;
    const bool file = entry->symlink_status(unknown).type() == fs::file_type::regular;
    if (!file || !is_generated_name(name)) {
      return fmt::format("holds {}, which is of no generated model: look at it, and remove it yourself",
                         in_quotes(name));
    }
  }
  if (error) return error.message();
  return std::nullopt;
}

// The directory's lock is ours. Why some of it stays, or nothing.
std::optional<std::string> remove_scratch(const fs::path& path, const Descriptor& directory) {
  if (auto why = why_foreign(path)) return why;
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  for (const std::string& name : names) ::unlinkat(directory.get(), name.c_str(), 0);
  if (::rmdir(path.c_str()) != 0) return fail_errno(errno, "removing it").error().message;
  return std::nullopt;
}

// Innermost first; one that is not empty keeps those above it.
void remove_empty(const std::vector<fs::path>& directories) {
  for (auto each = directories.rbegin(); each != directories.rend(); ++each) {
    if (::rmdir(each->c_str()) != 0) return;
  }
}

// "a/b/c" below "/r": "/r/a", "/r/a/b".
std::vector<fs::path> directories_above(const fs::path& root, const fs::path& path) {
  std::vector<fs::path> above;
  fs::path at = root;
  for (const fs::path& part : path.parent_path()) above.push_back(at /= part);
  return above;
}

}  // namespace

std::string new_scratch_name() {
  std::array<unsigned char, kWordBytes> bytes{};
  // Fills so few bytes always, once the kernel has any.
  (void)::getrandom(bytes.data(), bytes.size(), 0);
  std::string name(kScratchBegin);
  for (const unsigned char byte : bytes) name += fmt::format("{:02x}", byte);
  return name;
}

Result<ProvisionScratch> ProvisionScratch::create(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0777) != 0) return fail_errno(errno, directory.string());
  Descriptor opened = open_directory(directory);
  struct stat status{};
  // Another that sweeps may have met it before it was locked, and removed it.
  if (!lock(opened) || ::fstat(opened.get(), &status) != 0 || status.st_nlink == 0) {
    ::rmdir(directory.c_str());
    return fail(Status::io_error, fmt::format("{}: cannot be locked: is another provision at work there? "
                                              "try again when it has ended",
                                              directory.string()));
  }
  return ProvisionScratch(directory, std::move(opened));
}

ProvisionScratch::~ProvisionScratch() {
  if (directory_.valid()) (void)remove_scratch(path_, directory_);
}

SweptScratch sweep_scratch(const fs::path& root) {
  SweptScratch swept;
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    if (is_scratch_name(entry->path().filename().string())) found.push_back(entry->path());
  }
  std::ranges::sort(found);
  for (const fs::path& path : found) {
    const Descriptor directory = open_directory(path);
    if (!lock(directory)) continue;
    if (const auto why = remove_scratch(path, directory)) {
      swept.left.push_back(fmt::format("{}: {}", path.string(), *why));
    } else {
      swept.removed.push_back(path.string());
    }
  }
  return swept;
}

Result<MadeDirectories> MadeDirectories::make(const fs::path& root, const fs::path& path) {
  MadeDirectories made;
  for (const fs::path& directory : directories_above(root, path)) {
    if (::mkdir(directory.c_str(), 0755) == 0) {
      made.made_.push_back(directory);
      (void)::setxattr(directory.c_str(), kMadeMark, "", 0, XATTR_CREATE);
    } else if (errno != EEXIST) {
      return fail_errno(errno, directory.string());
    }
  }
  return made;
}

MadeDirectories::~MadeDirectories() {
  remove_empty(made_);
}

void remove_made_directories(const fs::path& root, const fs::path& path) {
  const std::vector<fs::path> above = directories_above(root, path);
  for (auto each = above.rbegin(); each != above.rend(); ++each) {
    if (::lgetxattr(each->c_str(), kMadeMark, nullptr, 0) < 0 || ::rmdir(each->c_str()) != 0) return;
  }
}

}  // namespace coldload
