#include "core/analyse/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/units.hpp"

namespace coldload {

std::string seconds_in_words(double seconds) {
  if (!std::isfinite(seconds) || seconds <= 0) return "0 s";
  return format_duration(static_cast<uint64_t>(std::llround(seconds * 1e9)));
}

std::string percent_in_words(double share) {
  const double percent = share * 100;
  return std::abs(percent) < 1 && percent != 0 ? fmt::format("{:.1f} %", percent)
                                               : fmt::format("{:.0f} %", percent);
}

std::string factor_in_words(double ratio) {
  return ratio < 10 ? fmt::format("{:.2f}×", ratio) : fmt::format("{:.0f}×", ratio);
}

std::string count_in_words(double count) {
  if (count >= 100 || count == std::floor(count)) return fmt::format("{:.0f}", std::ceil(count));
  return fmt::format("{:.1f}", count);
}

std::string sentence_case(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  return text;
}

std::string storage_in_words(const ResultDocument& document, const CaseRecord& record) {
  const BackendRecord* backend = document.backend(record.backend);
  const StorageKind kind = backend == nullptr ? StorageKind::unknown : backend->storage;
  switch (kind) {
    case StorageKind::local_disk:
      return "the local disk";
    case StorageKind::memory:
      return "memory";
    case StorageKind::network_mount:
      return "the network mount";
    case StorageKind::object_store:
      return "the object store";
    case StorageKind::network:
      return record.emulated ? "the emulated network" : "the network";
    case StorageKind::staged:
      return "the staged copy";
    case StorageKind::synthetic:
      return "nowhere";
    case StorageKind::unknown:
      break;
  }
  return fmt::format("backend {}", record.backend);
}

}  // namespace coldload
