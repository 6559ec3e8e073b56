#include "core/record/run_manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/sha256.hpp"
#include "core/base/text.hpp"

namespace coldload {
namespace {

constexpr std::string_view kFiles[] = {"header.json", "runs.jsonl", "probes.jsonl", "result.json"};
constexpr uint64_t kManifestBytesMax = limits::kMiB;
constexpr size_t kHashDigits = 64;

struct Entry {
  std::string hash;
  std::string name;
};

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "HASH  NAME", or with a '*' for the second blank, which marks a file read as binary.
std::optional<Entry> entry_of(std::string_view line) {
  if (line.size() < kHashDigits + 3 || !is_hash(line.substr(0, kHashDigits))) return std::nullopt;
  const std::string_view gap = line.substr(kHashDigits, 2);
  const std::string_view name = line.substr(kHashDigits + 2);
  if ((gap != "  " && gap != " *") || name.contains('/') || name == "." || name == "..") return std::nullopt;
  return Entry{std::string(line.substr(0, kHashDigits)), std::string(name)};
}

Result<std::vector<Entry>> read_entries(const std::filesystem::path& path) {
  const auto content = read_small_file(path, kManifestBytesMax);
  if (!content) return pass(content);
  std::vector<Entry> entries;
  for (size_t at = 0, number = 1; at < content->size(); ++number) {
    const size_t end = std::min(content->find('\n', at), content->size());
    auto entry = entry_of(std::string_view(*content).substr(at, end - at));
    if (!entry) {
      return fail(Status::integrity, fmt::format("{}:{}: expected 64 hexadecimal digits, two blanks and the "
                                                 "name of a file in this folder",
                                                 path.string(), number));
    }
    entries.push_back(std::move(*entry));
    at = end + 1;
  }
  return entries;
}

}  // namespace

Result<void> write_run_manifest(const std::filesystem::path& directory) {
  std::string lines;
  for (const std::string_view name : kFiles) {
    const auto hash = sha256_of_file(directory / name);
    if (!hash) return pass(hash);
    lines += fmt::format("{}  {}\n", *hash, name);
  }
  return write_file_atomically(directory / kRunManifestName, lines);
}

bool has_run_manifest(const std::filesystem::path& directory) {
  std::error_code error;
  return std::filesystem::exists(directory / kRunManifestName, error);
}

Result<std::vector<std::string>> run_manifest_mistakes(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kRunManifestName;
  const auto entries = read_entries(path);
  if (!entries) return pass(entries);
  std::vector<std::string> mistakes;
  for (const std::string_view name : kFiles) {
    if (std::ranges::find(*entries, name, &Entry::name) != entries->end()) continue;
    mistakes.push_back(fmt::format("{}: does not name {}", path.string(), name));
  }
  for (const Entry& entry : *entries) {
    const std::filesystem::path file = directory / entry.name;
    const auto hash = sha256_of_file(file);
    if (!hash) {
      mistakes.push_back(printable(hash.error().message));
    } else if (*hash != entry.hash) {
      mistakes.push_back(fmt::format("{}: changed since the run: its SHA-256 is {}, {} says {}",
                                     printable(file.string()), *hash, kRunManifestName, entry.hash));
    }
  }
  return mistakes;
}

}  // namespace coldload
