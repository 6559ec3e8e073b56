#include "core/run/storage_reads.hpp"

#include <dirent.h>
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"

namespace coldload {
namespace {

using DirectoryHandle = std::unique_ptr<DIR, decltype([](DIR* directory) { ::closedir(directory); })>;

constexpr std::string_view kField = "\nread_bytes: ";

// Absent with an errno where the process is there and may not be looked at; ESRCH, ENOENT: it is gone.
Result<uint64_t> read_bytes_of(const std::string& process) {
  const auto text = read_small_file(process + "/io", limits::kPageBytes);
  if (!text) return fail(text.error().status, text.error().message, text.error().os_error);
  const size_t at = text->find(kField);
  uint64_t bytes = 0;
  if (at == std::string::npos) return fail(Status::unsupported, process + "/io has no read_bytes");
  std::from_chars(text->data() + at + kField.size(), text->data() + text->size(), bytes);
  return bytes;
}

void add_numbers(std::string_view text, std::vector<int>& out) {
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    int number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec == std::errc{}) out.push_back(number);
    at = parsed.ptr + 1;
  }
}

// Each thread has those that it forked itself.
void add_children(const std::string& process, std::vector<int>& out) {
  const std::string tasks = process + "/task";
  const DirectoryHandle threads(::opendir(tasks.c_str()));
  if (!threads) return;
  while (const dirent* entry = ::readdir(threads.get())) {
    if (entry->d_name[0] == '.') continue;
    const auto children = read_small_file(fmt::format("{}/{}/children", tasks, entry->d_name), limits::kMiB);
    if (children) add_numbers(*children, out);
  }
}

}  // namespace

StorageReads storage_reads() {
  StorageReads reads;
  auto own = read_bytes_of("/proc/self");
  if (!own) return reads;
  uint64_t total = *own;
  // Parents before their children: one that ends in between is missed and not counted twice.
  std::vector<int> waiting;
  add_children("/proc/self", waiting);
  for (size_t next = 0; next < waiting.size(); ++next) {
    const std::string process = fmt::format("/proc/{}", waiting[next]);
    const auto bytes = read_bytes_of(process);
    if (bytes) {
      total += *bytes;
    } else if (bytes.error().os_error == EACCES || bytes.error().os_error == EPERM) {
      reads.why_unknown =
          fmt::format("what process {} read cannot be seen: {}", waiting[next], bytes.error().message);
      return reads;
    }
    add_children(process, waiting);
  }
  reads.bytes = total;
  return reads;
}

}  // namespace coldload
