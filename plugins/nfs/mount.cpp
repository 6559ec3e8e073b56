#include "mount.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace coldload::nfs {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end != 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool is_octal(char letter) {
  return letter >= '0' && letter <= '7';
}

// The kernel writes blanks and backslashes as three octal digits: "\040".
std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' &&
                        is_octal(text[i + 1]) && is_octal(text[i + 2]) && is_octal(text[i + 3]);
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return out;
}

// "36 35 0:53 / /mnt rw,noatime shared:1 - nfs4 server:/export rw,vers=4.2"
std::optional<Mount> parse_line(std::string_view line) {
  constexpr size_t kFieldsBefore = 6;
  const std::vector<std::string_view> words = split(line, ' ');
  if (words.size() < kFieldsBefore) return std::nullopt;
  const auto dash = std::find(words.begin() + kFieldsBefore, words.end(), "-");
  if (words.end() - dash < 4) return std::nullopt;
  return Mount{std::string(words[2]), unescaped(words[4]), std::string(dash[1]), unescaped(dash[2]),
               std::string(dash[3])};
}

}  // namespace

std::optional<Mount> mount_of_device(std::string_view table, const std::string& device) {
  std::optional<Mount> found;
  for (const std::string_view line : split(table, '\n')) {
    std::optional<Mount> mount = parse_line(line);
    if (mount && mount->device == device) found = std::move(mount);
  }
  return found;
}

std::string mount_option(std::string_view options, std::string_view name) {
  for (const std::string_view option : split(options, ',')) {
    const size_t equals = option.find('=');
    if (equals != std::string_view::npos && option.substr(0, equals) == name) {
      return std::string(option.substr(equals + 1));
    }
  }
  return "";
}

std::optional<sdk::Failure> refusal(const std::string& path, uint64_t magic,
                                    const std::optional<Mount>& mount) {
  // The field is signed and narrower on some architectures.
  if ((magic & 0xffffffffU) == kNfsMagic) return std::nullopt;
  std::string what;
  if (mount) {
    what = mount->type + " (mounted from " + mount->source + " at " + mount->point + ")";
  } else {
    std::array<char, 32> number = {};
    std::snprintf(number.data(), number.size(), "0x%llx",
                  static_cast<unsigned long long>(magic & 0xffffffffU));
    what = std::string("a file system of type ") + number.data();
  }
  return sdk::Failure(COLDLOAD_INVALID_OPTION, "path " + path + " is no NFS mount but " + what +
                                                   "; for files of any other file system use plugin = "
                                                   "\"local\" with root = \"" +
                                                   path + "\"");
}

}  // namespace coldload::nfs
