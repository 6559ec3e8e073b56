#include "retry.hpp"

#include <algorithm>

namespace coldload::s3 {
namespace {

constexpr uint64_t kFirstDelayMs = 100;
constexpr uint64_t kDelayMsMax = 5'000;

}  // namespace

std::optional<std::string> passing_fault(Transport transport, int status) {
  switch (transport) {
    case Transport::stalled:
      return "timeout";
    case Transport::reset:
      return "reset";
    case Transport::connect:
      return "no connection";
    case Transport::ok:
      break;
    default:
      return std::nullopt;
  }
  switch (status) {
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return std::to_string(status);
    default:
      return std::nullopt;
  }
}

uint64_t Backoff::delay_ms_max(uint32_t tries) {
  const uint32_t doublings = std::min(std::max(tries, 1u) - 1, 10u);
  return std::min(kFirstDelayMs << doublings, kDelayMsMax);
}

uint64_t Backoff::delay_ms(uint32_t tries) {
  return std::uniform_int_distribution<uint64_t>(0, delay_ms_max(tries))(random_);
}

void FaultCounts::add(const std::string& fault) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++counts_[fault];
}

uint64_t FaultCounts::total() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  uint64_t total = 0;
  for (const auto& [fault, count] : counts_) total += count;
  return total;
}

std::string FaultCounts::text() const {
  const uint64_t all = total();
  std::string text = std::to_string(all) + (all == 1 ? " retry (" : " retries (");
  const std::lock_guard<std::mutex> lock(mutex_);
  const char* separator = "";
  for (const auto& [fault, count] : counts_) {
    text += separator + std::to_string(count) + "x " + fault;
    separator = ", ";
  }
  return text + ")";
}

}  // namespace coldload::s3
