#include "output.hpp"

#include <unistd.h>

#include <algorithm>

#include "settings.hpp"

namespace coldload::command {
namespace {

// Shorter ones are words that a log may hold by chance.
constexpr size_t kCredentialBytesMin = 6;
// More than Keeper::read_output() takes in one go.
constexpr size_t kUnseenBytesMax = size_t{8} << 20;

void keep_last(std::string& text, size_t bytes_max) {
  if (text.size() > bytes_max) text.erase(0, text.size() - bytes_max);
}

}  // namespace

void Output::take(std::string_view bytes) {
  bytes_written_ += bytes.size();
  scanned_ += bytes.substr(0, kScannedBytesMax - std::min(kScannedBytesMax, scanned_.size()));
  tail_ += bytes;
  keep_last(tail_, kKeptBytesMax);
  unseen_ += bytes;
  // Where nobody looks at lines they are not kept for ever; who looks does so before this many have come.
  if (unseen_.size() > 2 * kUnseenBytesMax) keep_last(unseen_, kUnseenBytesMax);
}

bool Output::any_new_line(bool last, const std::function<bool(std::string_view)>& see) {
  std::string_view rest = unseen_;
  bool seen = false;
  while (!seen && !rest.empty()) {
    const size_t end = rest.find_first_of("\r\n");
    if (end == std::string_view::npos && !last) break;
    seen = see(rest.substr(0, end));
    rest.remove_prefix(std::min(end == std::string_view::npos ? rest.size() : end + 1, rest.size()));
  }
  unseen_.erase(0, unseen_.size() - rest.size());
  keep_last(unseen_, kKeptBytesMax);
  return seen;
}

std::string Output::kept() const {
  std::string_view text = tail_;
  // Its first line may have lost its beginning, and a credential in it could not be recognised.
  if (bytes_written_ > tail_.size()) text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  return without_credentials(std::string(text));
}

std::string Output::last_line() const {
  const std::string all = kept();
  const size_t end = all.find_last_not_of("\r\n ");
  if (end == std::string::npos) return {};
  const size_t begin = all.find_last_of("\r\n", end);
  return all.substr(begin == std::string::npos ? 0 : begin + 1,
                    end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

std::string without_credentials(std::string text) {
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const size_t equals = variable.find('=');
    if (equals == std::string_view::npos || !is_secret_name(std::string(variable.substr(0, equals))))
      continue;
    const std::string_view value = variable.substr(equals + 1);
    if (value.size() < kCredentialBytesMin) continue;
    const std::string name = "[" + std::string(variable.substr(0, equals)) + "]";
    for (size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + name.size())) {
      text.replace(at, value.size(), name);
    }
  }
  return text;
}

}  // namespace coldload::command
