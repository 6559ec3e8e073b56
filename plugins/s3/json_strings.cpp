#include "json_strings.hpp"

#include <cctype>

namespace coldload::s3 {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::map<std::string, std::string>> object() {
    std::map<std::string, std::string> fields;
    if (!take('{')) return std::nullopt;
    if (take('}')) return at_end() ? std::optional(fields) : std::nullopt;
    do {
      const auto name = string();
      if (!name || !take(':')) return std::nullopt;
      const auto value = next() == '"' ? string() : word();
      if (!value) return std::nullopt;
      fields[*name] = *value;
    } while (take(','));
    if (!take('}') || !at_end()) return std::nullopt;
    return fields;
  }

 private:
  // '\0' at the end.
  char next() {
    while (position_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[position_])) != 0) {
      ++position_;
    }
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  bool take(char letter) {
    if (next() != letter) return false;
    ++position_;
    return true;
  }
  bool at_end() { return next() == '\0' && position_ == text_.size(); }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string value;
    while (position_ < text_.size()) {
      const char letter = text_[position_++];
      if (letter == '"') return value;
      if (letter != '\\') {
        value += letter;
        continue;
      }
      if (position_ == text_.size()) return std::nullopt;
      const char escape = text_[position_++];
      if (!escaped(escape, value)) return std::nullopt;
    }
    return std::nullopt;
  }
  bool escaped(char letter, std::string& value) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const size_t found = kLetters.find(letter);
    if (found != std::string_view::npos) {
      value += kMeanings[found];
      return true;
    }
    // Keys and tokens are ASCII: no other \u can be one of theirs.
    if (letter != 'u' || position_ + 4 > text_.size() || text_.substr(position_, 2) != "00") return false;
    unsigned code = 0;
    for (size_t i = 2; i < 4; ++i) {
      const auto digit = static_cast<unsigned char>(text_[position_ + i]);
      if (std::isxdigit(digit) == 0) return false;
      code =
          code * 16 + static_cast<unsigned>(std::isdigit(digit) != 0 ? digit - '0' : (digit | 32) - 'a' + 10);
    }
    position_ += 4;
    if (code > 127) return false;
    value += static_cast<char>(code);
    return true;
  }
  std::optional<std::string> word() {
    constexpr std::string_view kLetters = "+-.0123456789aefEilnrstu";
    const size_t end = text_.find_first_not_of(kLetters, position_);
    std::string value(text_.substr(position_, end - position_));
    position_ += value.size();
    if (value.empty()) return std::nullopt;
    return value;
  }

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

std::optional<std::map<std::string, std::string>> parse_flat_json(std::string_view text) {
  return Reader(text).object();
}

}  // namespace coldload::s3
