#include "core/run/pacer.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "core/base/file.hpp"

namespace coldload {
namespace {

constexpr uint64_t kSleepNsMax = 50'000'000;  // so that a stop is seen in time

}  // namespace

Pacer::Pacer(std::optional<uint64_t> bytes_per_second, std::function<bool()> cancelled)
    : bytes_per_second_(bytes_per_second), cancelled_(std::move(cancelled)), began_ns_(now_ns()) {}

void Pacer::start() {
  began_ns_ = now_ns();
}

Result<void> Pacer::claim(uint64_t length) {
  return wait_until_due(bytes_per_second_ ? claimed_bytes_.fetch_add(length) : 0);
}

Result<void> Pacer::wait_until_due(uint64_t bytes) const {
  if (cancelled_()) return fail(Status::cancelled, "the run was stopped");
  if (!bytes_per_second_) return {};
  const auto due_ns = began_ns_ + static_cast<uint64_t>(static_cast<double>(bytes) * 1e9 /
                                                        static_cast<double>(*bytes_per_second_));
  for (uint64_t now = now_ns(); now < due_ns; now = now_ns()) {
    const timespec wait{0, static_cast<long>(std::min(due_ns - now, kSleepNsMax))};
    ::nanosleep(&wait, nullptr);
    if (cancelled_()) return fail(Status::cancelled, "the run was stopped");
  }
  return {};
}

}  // namespace coldload
