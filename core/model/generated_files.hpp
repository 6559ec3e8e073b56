// The files of a model being written: temporary names until all are complete. For the generator only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/file.hpp"
#include "core/base/result.hpp"

namespace coldload::detail {

// Everything it wrote is gone again unless publish() succeeded, the directory too if it made it.
class GeneratedFiles {
 public:
  // Makes the directory if it is absent. Errors: invalid_option (holds something, naming it), io_error with
  // ENOSPC when fewer than `bytes` are free.
  [[nodiscard]] static Result<GeneratedFiles> create(const std::filesystem::path& directory, uint64_t bytes);
  GeneratedFiles(GeneratedFiles&& other) noexcept
      : directory_(std::move(other.directory_)),
        made_directory_(other.made_directory_),
        keeps_(std::exchange(other.keeps_, true)),
        files_(std::move(other.files_)) {}
  GeneratedFiles& operator=(GeneratedFiles&&) = delete;
  GeneratedFiles(const GeneratedFiles&) = delete;
  GeneratedFiles& operator=(const GeneratedFiles&) = delete;
  ~GeneratedFiles();

  // A file of `size_bytes`, space reserved unless `sparse`. Its number is the count of files before it.
  [[nodiscard]] Result<void> add(const std::string& name, uint64_t size_bytes, bool sparse);
  // Best with `data` and `offset` at multiples of kPageBytes: whole pages then go past the page cache where
  // the file system lets them. [any-thread]
  [[nodiscard]] Result<void> write_at(size_t number, uint64_t offset, std::span<const std::byte> data);
  // All data to the device, then every file under its name.
  [[nodiscard]] Result<void> publish();

 private:
  struct File {
    std::string name;
    std::filesystem::path current;  // temporary path, or the final one once renamed
    Descriptor descriptor;
    Descriptor direct;  // the same file past the page cache; invalid where the file system has no such way
  };
  GeneratedFiles(std::filesystem::path directory, bool made_directory)
      : directory_(std::move(directory)), made_directory_(made_directory) {}

  std::filesystem::path directory_;
  bool made_directory_ = false;
  bool keeps_ = false;  // published, or moved to another that takes care
  std::vector<File> files_;
};

}  // namespace coldload::detail
