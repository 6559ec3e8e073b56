#include "core/run/mountstats.hpp"

#include <charconv>
#include <vector>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/record/mount.hpp"

namespace coldload {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t";
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

// The kernel writes a blank in a mount point as "\040".
std::string escaped(const std::string& path) {
  std::string out;
  for (const char letter : path) {
    switch (letter) {
      case ' ':
        out += "\\040";
        break;
      case '\t':
        out += "\\011";
        break;
      case '\n':
        out += "\\012";
        break;
      case '\\':
        out += "\\134";
        break;
      default:
        out += letter;
    }
  }
  return out;
}

bool number(const std::vector<std::string_view>& words, size_t index, uint64_t& out) {
  if (index >= words.size()) return false;
  const std::string_view word = words[index];
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), out);
  return parsed.ec == std::errc{} && parsed.ptr == word.data() + word.size();
}

// "device storage:/export mounted on /mnt with fstype nfs4 statvers=1.1"
bool begins_nfs_mount(const std::vector<std::string_view>& words, const std::string& mount_point) {
  return words.size() >= 8 && words[2] == "mounted" && words[3] == "on" && words[4] == mount_point &&
         words[6] == "fstype" && (words[7] == "nfs" || words[7] == "nfs4");
}

// What one mount's lines told so far.
struct Section {
  NfsCounters counters;
  bool has_bytes = false;
  bool has_reads = false;
};

void take_line(const std::vector<std::string_view>& words, Section& section) {
  if (words.front() == "bytes:") section.has_bytes = number(words, 5, section.counters.read_bytes);
  // ops, transmissions, major timeouts, bytes sent, bytes received, queued ms, round trip ms, whole ms
  if (words.front() == "READ:") {
    section.has_reads =
        number(words, 1, section.counters.read_requests) && number(words, 7, section.counters.read_rtt_ms);
  }
}

}  // namespace

std::optional<NfsCounters> parse_mountstats(std::string_view text, const std::string& mount_point) {
  const std::string wanted = escaped(mount_point);
  std::optional<Section> section;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const auto words = words_of(text.substr(at, end - at));
    at = end + 1;
    if (words.empty()) continue;
    if (words.front() == "device") {
      const bool here = words.size() > 4 && words[4] == wanted;
      inside = begins_nfs_mount(words, wanted);
      // What is mounted over it hides it.
      if (here) section = inside ? std::optional<Section>(Section{}) : std::nullopt;
    } else if (inside) {
      take_line(words, *section);
    }
  }
  if (!section || !section->has_bytes || !section->has_reads) return std::nullopt;
  return section->counters;
}

std::optional<NfsCounters> nfs_counters(const std::string& mount_point) {
  if (mount_point.empty()) return std::nullopt;
  const auto text = read_small_file("/proc/self/mountstats", 16 * limits::kMiB);
  if (!text) return std::nullopt;
  return parse_mountstats(*text, mount_point);
}

std::string nfs_mount_of(const std::string& path) {
  const auto mount = mount_of(path);
  if (!mount || (mount->type != "nfs" && mount->type != "nfs4")) return {};
  return mount->path;
}

}  // namespace coldload
