#include "core/scenario/toml_shape.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

// Does not tell keys from values: outside strings and comments no value holds more than one dot, so dots that
// nothing separates are counted wherever they stand. That leaves strings and comments as the only grammar to
// get wrong.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  std::optional<Diagnostic> run() {
    while (at_ < text_.size() && !refused_) step();
    return refused_;
  }

 private:
  void step() {
    const char c = text_[at_];
    switch (c) {
      case '"':
      case '\'':
        skip_string(c);
        return;
      case '#':
        at_ = std::min(text_.find('\n', at_), text_.size());
        return;
      case '.':
        count_part();
        break;
      case '=':
        key_parts_ = parts_;
        parts_ = 1;
        break;
      case '[':
      case '{':
        open();
        break;
      case ']':
      case '}':
        close();
        break;
      case ',':
      case '\n':
        parts_ = 1;
        break;
      default:
        break;
    }
    ++at_;
  }

  void count_part() {
    if (++parts_ > limits::kTomlKeyPartsMax) {
      refuse(fmt::format("a key of more than {} dotted parts", limits::kTomlKeyPartsMax));
    }
  }

  // A table opened after `a.b.c =` lies three levels below, not one.
  void open() {
    opened_.push_back(key_parts_);
    depth_ += key_parts_;
    key_parts_ = 1;
    parts_ = 1;
    if (depth_ > limits::kTomlNestingMax) {
      refuse(fmt::format("arrays and tables nested more than {} deep", limits::kTomlNestingMax));
    }
  }

  void close() {
    parts_ = 1;
    key_parts_ = 1;
    if (opened_.empty()) return;
    depth_ -= opened_.back();
    opened_.pop_back();
  }

  void skip_string(char quote) {
    const std::string three(3, quote);
    if (text_.substr(at_, 3) == three) {
      at_ += 3;
      skip_multi_line(quote);
      return;
    }
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') return;  // not TOML: the parser stops here and says so
      if (text_[at_] == '\\' && quote == '"') {
        ++at_;
        continue;
      }
      if (text_[at_] == quote) {
        ++at_;
        return;
      }
    }
  }

  void skip_multi_line(char quote) {
    while (at_ < text_.size()) {
      if (text_[at_] == '\\' && quote == '"') {
        at_ += 2;
        continue;
      }
      if (text_[at_] != quote) {
        ++at_;
        continue;
      }
      // Up to two quotes may stand before the closing three.
      size_t run = 0;
      while (run < 5 && at_ + run < text_.size() && text_[at_ + run] == quote) ++run;
      at_ += run;
      if (run >= 3) return;
    }
  }

  void refuse(std::string message) {
    Location where{std::string(file_), 1, 1};
    for (size_t i = 0; i < at_ && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++where.line;
        where.column = 1;
      } else if ((static_cast<unsigned char>(text_[i]) & 0xC0U) != 0x80U) {
        ++where.column;
      }
    }
    refused_ = Diagnostic{std::move(where), std::move(message)};
  }

  std::string_view text_;
  std::string_view file_;
  size_t at_ = 0;
  size_t parts_ = 1;      // of the dotted run being read
  size_t key_parts_ = 1;  // of the key whose value comes next
  size_t depth_ = 0;
  std::vector<size_t> opened_;
  std::optional<Diagnostic> refused_;
};

}  // namespace

std::optional<Diagnostic> check_toml_shape(std::string_view text, std::string_view file) {
  return Scanner(text, file).run();
}

}  // namespace coldload
