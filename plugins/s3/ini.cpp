#include "ini.hpp"

#include "coldload/cpp/failure.hpp"

namespace coldload::s3 {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// A comment after a value starts with a blank: a secret may have '#' in it.
std::string_view without_comment(std::string_view value) {
  for (const std::string_view mark : {" #", " ;", "\t#", "\t;"}) value = value.substr(0, value.find(mark));
  return trimmed(value);
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void line(std::string_view raw) {
    ++number_;
    const std::string_view text = trimmed(raw);
    if (text.empty() || text.front() == '#' || text.front() == ';') return;
    if (text.front() == '[') return section(text);
    const bool indented = raw.front() == ' ' || raw.front() == '\t';
    const size_t equals = text.find('=');
    if (section_ == nullptr) throw mistake("a key before the first [section]");
    if (equals == std::string_view::npos || trimmed(text.substr(0, equals)).empty()) {
      throw mistake("expected key = value");
    }
    const std::string key(trimmed(text.substr(0, equals)));
    const std::string value(without_comment(text.substr(equals + 1)));
    if (indented && !block_.empty()) {
      (*section_)[block_ + "." + key] = value;
      return;
    }
    block_ = value.empty() ? key : "";
    (*section_)[key] = value;
  }

  IniFile take() { return std::move(file_); }

 private:
  void section(std::string_view text) {
    const size_t end = text.find(']');
    const std::string_view inner = end == std::string_view::npos ? "" : trimmed(text.substr(1, end - 1));
    if (inner.empty()) throw mistake("expected [section]");
    section_ = &file_[std::string(inner)];
    block_.clear();
  }

  [[nodiscard]] sdk::Failure mistake(const char* what) const {
    return {COLDLOAD_INVALID_OPTION, name_ + ":" + std::to_string(number_) + ": " + what};
  }

  std::string name_;
  size_t number_ = 0;
  IniFile file_;
  IniSection* section_ = nullptr;
  std::string block_;
};

}  // namespace

IniFile parse_ini(const std::string& name, std::string_view text) {
  Reader reader(name);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    reader.line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.take();
}

}  // namespace coldload::s3
