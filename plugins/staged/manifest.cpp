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
constexpr size_t kVersionBytesMax = 200;
constexpr size_t kMakerBytesMax = 64;
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
      if (word == "made-by" && line_ == 2) {
        take_maker(line);
      } else if (word == "file") {
        add_file(line);
      } else if (word == "version") {
        take_version(line);
      } else {
        return end(word, line);
      }
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

  void take_maker(std::string_view line) {
    if (line.empty() || !is_maker(std::string(line))) fail("expected \"made-by\" and a word");
    manifest_.made_by = line;
  }

  void take_version(std::string_view line) {
    if (manifest_.files.empty() || manifest_.files.back().version != "-") fail("a version of no file");
    const bool is_word =
        std::all_of(line.begin(), line.end(), [](char each) { return each > ' ' && each <= '~'; });
    if (line.empty() || !is_word) fail("expected a version of printable characters");
    manifest_.files.back().version = line;
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

std::string version_word(const char* version) {
  if (version == nullptr || *version == '\0') return "-";
  constexpr const char* kDigits = "0123456789abcdef";
  std::string word;
  for (; *version != '\0' && word.size() < kVersionBytesMax; ++version) {
    const auto byte = static_cast<unsigned char>(*version);
    if (byte > ' ' && byte <= '~' && byte != '%') {
      word += *version;
    } else {
      word += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return word;
}

bool is_maker(const std::string& text) {
  return text.size() <= kMakerBytesMax && std::all_of(text.begin(), text.end(), [](char each) {
           return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-';
         });
}

bool is_of(const Manifest& copy, const Manifest& source) {
  return std::equal(source.files.begin(), source.files.end(), copy.files.begin(), copy.files.end(),
                    [](const ManifestFile& a, const ManifestFile& b) {
                      const bool unknown = a.version == "-" || b.version == "-";
                      return a.name == b.name && a.size_bytes == b.size_bytes &&
                             (unknown || a.version == b.version);
                    });
}

bool tells_versions(const Manifest& copy, const Manifest& source) {
  const auto tells = [](const ManifestFile& file) { return file.version != "-"; };
  return std::all_of(copy.files.begin(), copy.files.end(), tells) &&
         std::all_of(source.files.begin(), source.files.end(), tells);
}

std::string to_text(const Manifest& manifest) {
  std::string text(kFirstLine);
  text += '\n';
  if (!manifest.made_by.empty()) text += "made-by " + manifest.made_by + "\n";
  for (const ManifestFile& file : manifest.files) {
    text += "file " + file.digest + " " + std::to_string(file.size_bytes) + " " + file.name + "\n";
    if (file.version != "-") text += "version " + file.version + "\n";
  }
  text += (manifest.complete ? "complete " : "partial ") + std::to_string(manifest.files.size()) + "\n";
  return text;
}

Manifest parse_manifest(const std::string& text, const std::string& shown) {
  return Parser(text, shown).parse();
}

}  // namespace coldload::staged
