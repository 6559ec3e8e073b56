#include "core/record/kernel_text.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"

namespace coldload {
namespace {

constexpr uint64_t kProcFileBytesMax = 16 * limits::kMiB;

}  // namespace

std::string read_or_empty(const std::filesystem::path& path) {
  auto content = read_small_file(path, kProcFileBytesMax);
  if (!content) return {};
  while (!content->empty() && (content->back() == '\n' || content->back() == ' ')) content->pop_back();
  return *content;
}

std::optional<uint64_t> number_in(std::string_view text) {
  const auto first = text.find_first_of("0123456789");
  if (first == std::string_view::npos) return std::nullopt;
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data() + first, text.data() + text.size(), number);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return number;
}

std::string line_after(std::string_view text, std::string_view key) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(key)) {
      const size_t begin = line.find_first_not_of(" \t:", key.size());
      return begin == std::string_view::npos ? std::string() : std::string(line.substr(begin));
    }
    at = end + 1;
  }
  return {};
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find(' '), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace coldload
