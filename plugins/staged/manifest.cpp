#include "manifest.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>

#include "coldload/cpp/failure.hpp"
#include "name.hpp"

namespace coldload::staged {
namespace {

constexpr std::string_view kFirstLine = "coldload-manifest 1";
constexpr size_t kDigestDigits = 32;

bool is_digest(std::string_view text) {
  if (text == "-") return true;
  return text.size() == kDigestDigits && std::all_of(text.begin(), text.end(), [](char each) {
           return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'f');
         });
}

bool parse_number(std::string_view text, uint64_t& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

std::string_view take_word(std::string_view& line) {
  const size_t space = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(std::min(space + 1, line.size()));
  return word;
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& shown) : rest_(text), shown_(shown) {}

  Manifest parse() {
    if (next_line() != kFirstLine) fail("expected \"" + std::string(kFirstLine) + "\"");
    for (;;) {
      std::string_view line = next_line();
      const std::string_view word = take_word(line);
      if (word != "file") return end(word, line);
      add_file(line);
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw sdk::Failure(COLDLOAD_INTEGRITY, shown_ + ":" + std::to_string(line_) + ": " + what);
  }

  std::string_view next_line() {
    ++line_;
    const size_t end = rest_.find('\n');
    if (end == std::string_view::npos) fail("the manifest ends here, without its last line");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  void add_file(std::string_view line) {
    ManifestFile file;
    file.digest = take_word(line);
    if (!is_digest(file.digest)) fail("expected a digest of 32 hexadecimal digits");
    if (!parse_number(take_word(line), file.size_bytes)) fail("expected a number of bytes");
    file.name = line;
    if (const std::string fault = fault_of_name(file.name); !fault.empty()) fail("the file's name " + fault);
    if (!names_.insert(file.name).second) fail("\"" + file.name + "\" stands twice");
    manifest_.files.push_back(std::move(file));
  }

  Manifest end(std::string_view word, std::string_view line) {
    if (word != "complete" && word != "partial") fail("expected \"file\", \"complete\" or \"partial\"");
    uint64_t count = 0;
    if (!parse_number(line, count) || count != manifest_.files.size()) {
      fail("expected the number of files, " + std::to_string(manifest_.files.size()));
    }
    if (!rest_.empty()) fail("something follows the last line");
    manifest_.complete = word == "complete";
    const auto lacks_digest = [](const ManifestFile& file) { return file.digest == "-"; };
    if (manifest_.complete && std::any_of(manifest_.files.begin(), manifest_.files.end(), lacks_digest)) {
      fail("a complete copy has every digest");
    }
    return std::move(manifest_);
  }

  std::string_view rest_;
  std::string shown_;
  size_t line_ = 0;
  Manifest manifest_;
  std::set<std::string> names_;
};

}  // namespace

uint64_t Manifest::total_bytes() const {
  uint64_t total = 0;
  for (const ManifestFile& file : files) total += file.size_bytes;
  return total;
}

std::string to_text(const Manifest& manifest) {
  std::string text(kFirstLine);
  text += '\n';
  for (const ManifestFile& file : manifest.files) {
    text += "file " + file.digest + " " + std::to_string(file.size_bytes) + " " + file.name + "\n";
  }
  text += (manifest.complete ? "complete " : "partial ") + std::to_string(manifest.files.size()) + "\n";
  return text;
}

Manifest parse_manifest(const std::string& text, const std::string& shown) {
  return Parser(text, shown).parse();
}

}  // namespace coldload::staged
