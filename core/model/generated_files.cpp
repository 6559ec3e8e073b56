#include "core/model/generated_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/text.hpp"
#include "core/base/units.hpp"

namespace coldload::detail {
namespace {

namespace fs = std::filesystem;

// Whether this made the directory.
Result<bool> make_empty_directory(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0777) == 0) return true;
  if (errno == ENOENT) {
    const fs::path parent = (directory.has_filename() ? directory : directory.parent_path()).parent_path();
    return fail(Status::not_found, fmt::format("{}: {} is missing: make that directory first",
                                               directory.string(), parent.string()));
  }
  if (errno != EEXIST) return fail_errno(errno, directory.string());
  std::error_code ec;
  const fs::directory_iterator entries(directory, ec);
  if (ec) return fail_errno(ec.value(), directory.string());
  if (entries == fs::directory_iterator()) return false;
  return fail(Status::invalid_option,
              fmt::format("{}: holds {}: name a directory that is absent or empty", directory.string(),
                          in_quotes(entries->path().filename().string())));
}

Result<void> check_space(const fs::path& directory, uint64_t bytes) {
  struct statvfs about{};
  if (::statvfs(directory.c_str(), &about) != 0) return fail_errno(errno, directory.string());
  const uint64_t free_bytes = static_cast<uint64_t>(about.f_bavail) * about.f_frsize;
  if (bytes <= free_bytes) return {};
  return fail(Status::io_error,
              fmt::format("{}: needs {} and has {} free: make room, or use a smaller scale",
                          directory.string(), format_bytes_decimal(bytes), format_bytes_decimal(free_bytes)),
              ENOSPC);
}

// 0 or errno.
int write_fully(int fd, uint64_t offset, std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t count = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    data = data.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return 0;
}

Result<void> sync_directory(const fs::path& directory) {
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid() || ::fsync(opened.get()) != 0) return fail_errno(errno, directory.string());
  return {};
}

}  // namespace

Result<GeneratedFiles> GeneratedFiles::create(const fs::path& directory, uint64_t bytes) {
  const auto made = make_empty_directory(directory);
  if (!made) return pass(made);
  GeneratedFiles files(directory, *made);
  if (auto space = check_space(directory, bytes); !space) return pass(space);
  return files;
}

GeneratedFiles::~GeneratedFiles() {
  if (keeps_) return;
  std::error_code ignored;
  for (const File& file : files_) fs::remove(file.current, ignored);
  if (made_directory_) fs::remove(directory_, ignored);
}

Result<void> GeneratedFiles::add(const std::string& name, uint64_t size_bytes, bool sparse) {
  File file{name, directory_ / fmt::format(".{}.partial", name), {}, {}};
  file.descriptor = Descriptor(::open(file.current.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.descriptor.valid()) return fail_errno(errno, file.current.string());
  const int fd = file.descriptor.get();
  // Past the page cache: weights that nobody reads yet would push out what the machine needs, and write-back
  // of gigabytes is several times slower than writing them.
  file.direct = Descriptor(::open(file.current.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  files_.push_back(std::move(file));
  const auto size = static_cast<off_t>(size_bytes);
  if (sparse) {
    if (::ftruncate(fd, size) != 0) return fail_errno(errno, name);
    return {};
  }
  // Reserved now, so that a full disk shows before and not after an hour. What cannot reserve will do
  // without.
  if (size > 0 && ::fallocate(fd, 0, 0, size) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    return fail_errno(errno, fmt::format("{}: reserve {}", name, format_bytes_decimal(size_bytes)));
  }
  return {};
}

Result<void> GeneratedFiles::write_at(size_t number, uint64_t offset, std::span<const std::byte> data) {
  const File& file = files_[number];
  const bool aligned =
      offset % limits::kPageBytes == 0 && reinterpret_cast<uintptr_t>(data.data()) % limits::kPageBytes == 0;
  const size_t whole_pages = data.size() / limits::kPageBytes * limits::kPageBytes;
  if (file.direct.valid() && aligned && whole_pages > 0) {
    const int os_error = write_fully(file.direct.get(), offset, data.first(whole_pages));
    if (os_error == 0) {
      offset += whole_pages;
      data = data.subspan(whole_pages);
    } else if (os_error != EINVAL) {  // which a device of larger blocks says: the page cache takes it then
      return fail_errno(os_error, fmt::format("{}: write at {}", file.name, offset));
    }
  }
  if (data.empty()) return {};
  const int os_error = write_fully(file.descriptor.get(), offset, data);
  if (os_error != 0) return fail_errno(os_error, fmt::format("{}: write at {}", file.name, offset));
  // Starts write-back at once and waits for none of it; only a help, so failing is no failure.
  ::sync_file_range(file.descriptor.get(), static_cast<off_t>(offset), static_cast<off_t>(data.size()),
                    SYNC_FILE_RANGE_WRITE);
  return {};
}

Result<void> GeneratedFiles::publish() {
  for (const File& file : files_) {
    if (::fsync(file.descriptor.get()) != 0) return fail_errno(errno, fmt::format("{}: fsync", file.name));
  }
  for (File& file : files_) {
    const fs::path target = directory_ / file.name;
    // Never over a file that appeared meanwhile.
    if (::renameat2(AT_FDCWD, file.current.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
      const bool unsupported = errno == EINVAL || errno == ENOSYS;
      if (!unsupported || ::rename(file.current.c_str(), target.c_str()) != 0) {
        return fail_errno(errno, fmt::format("{}: rename", target.string()));
      }
    }
    file.current = target;
  }
  if (auto synced = sync_directory(directory_); !synced) return synced;
  keeps_ = true;
  return {};
}

}  // namespace coldload::detail
