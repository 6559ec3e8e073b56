#include "core/run/proof.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "coldload/cpp/posix/evict.hpp"
#include "coldload/cpp/posix/residency.hpp"
#include "core/base/limits.hpp"
#include "core/run/memory.hpp"

namespace coldload {
namespace {

constexpr double kColdResidentMax = 0.01;
constexpr double kColdDeviceMin = 0.98;
constexpr double kWarmResidentMin = 0.99;
constexpr double kWarmDeviceMax = 0.01;

std::string percent(double share) {
  return fmt::format("{:.1f} %", share * 100);
}

Result<void> evict_one(const Object& object) {
  if (object.can(COLDLOAD_CAN_NO_LOCAL_CACHE)) return {};
  if (object.can(COLDLOAD_CAN_FD)) {
    const int os_error = sdk::posix::evict_pages(object.info().fd);
    if (os_error != 0) return fail_errno(os_error, object.key() + ": evict");
    return {};
  }
  if (object.can(COLDLOAD_CAN_EVICT)) return object.evict();
  return fail(Status::unsupported,
              fmt::format("{}: its backend can neither evict it nor say that nothing of it is cached here",
                          object.key()));
}

Result<void> warm_one(const Object& object, const Memory& buffer, Pacer& pacer) {
  const uint64_t size = object.info().size_bytes;
  for (uint64_t at = 0; at < size;) {
    const uint64_t length = std::min<uint64_t>(buffer.size_bytes(), size - at);
    if (auto claimed = pacer.claim(length); !claimed) return claimed;
    auto read = object.read_at(at, buffer.data(), length);
    if (!read) return read;
    at += length;
  }
  return {};
}

std::string why_no_device_bytes(const ProofInputs& in) {
  return in.device_unknown.empty() ? "the kernel counts no device bytes for this process (/proc/self/io)"
                                   : in.device_unknown;
}

std::string too_few_device_bytes(const ProofInputs& in, double ratio) {
  if (!in.external) return fmt::format("only {} of the bytes came from the device", percent(ratio));
  return fmt::format(
      "the program and what it started read only {} of the model's bytes from the device; what others read "
      "for it, "
      "as a container's daemon does, is not seen",
      percent(ratio));
}

Proof judge_cold(const ProofInputs& in, Proof proof) {
  if (in.no_local_cache) {
    proof.kind = ProofKind::no_local_cache;
    proof.valid = true;
    proof.caveat = "what the other side caches is not proved";
    return proof;
  }
  proof.kind = ProofKind::unprovable;
  if (in.hidden_cache) {
    proof.reason = *in.hidden_cache;
    return proof;
  }
  if (proof.resident_before && *proof.resident_before > kColdResidentMax) {
    proof.reason = fmt::format("{} of the bytes were still in the page cache when the clock started",
                               percent(*proof.resident_before));
    return proof;
  }
  if (!proof.device_ratio) {
    proof.reason = why_no_device_bytes(in);
    return proof;
  }
  if (*proof.device_ratio < kColdDeviceMin) {
    proof.reason = too_few_device_bytes(in, *proof.device_ratio);
    return proof;
  }
  // A program reads other files too: its device bytes alone tell nothing of the model's.
  if (in.external && !proof.resident_before) {
    proof.reason = "what of the model was cached cannot be known (" + in.before.why_unknown +
                   "), and device bytes of a program may be of other files";
    return proof;
  }
  proof.caveat = in.external ? "device bytes are of every file that the program read" : in.unseen_below;
  proof.valid = true;
  proof.kind = proof.resident_before ? ProofKind::residency_and_bytes : ProofKind::bytes;
  if (!proof.resident_before) proof.reason = in.before.why_unknown;
  return proof;
}

Proof judge_warm(const ProofInputs& in, Proof proof) {
  proof.kind = ProofKind::warm;
  if (!proof.resident_before) {
    proof.reason = in.before.why_unknown;
    return proof;
  }
  if (*proof.resident_before < kWarmResidentMin) {
    proof.reason =
        fmt::format("only {} of the bytes were in the page cache", percent(*proof.resident_before));
    return proof;
  }
  if (!proof.device_ratio) {
    proof.reason = why_no_device_bytes(in);
    return proof;
  }
  if (*proof.device_ratio > kWarmDeviceMax) {
    proof.reason = fmt::format("{} of the bytes came from the device", percent(*proof.device_ratio));
    return proof;
  }
  proof.valid = true;
  return proof;
}

}  // namespace

ResidencyReading measure_residency(const Objects& objects, ResidencyBy by) {
  using sdk::posix::ResidencyChoice;
  ResidencyReading reading;
  reading.method = "none";
  uint64_t resident = 0;
  uint64_t total = 0;
  for (const auto& object : objects) {
    total += object->info().size_bytes;
    if (object->can(COLDLOAD_CAN_FD)) {
      const auto choice = by == ResidencyBy::mincore ? ResidencyChoice::mincore_only : ResidencyChoice::any;
      const auto found =
          sdk::posix::page_cache_residency(object->info().fd, object->info().size_bytes, choice);
      if (found.method == sdk::posix::ResidencyMethod::unknown) {
        reading.why_unknown = "the kernel tells residency only to a file's owner or writer";
        reading.method = "none";
        return reading;
      }
      reading.method = sdk::posix::to_string(found.method);
      resident += found.resident_bytes;
    } else if (object->can(COLDLOAD_CAN_RESIDENCY)) {
      const auto found = object->residency();
      if (!found) {
        reading.method = "none";
        reading.why_unknown = found.error().message;
        return reading;
      }
      reading.method = "backend";
      resident += *found;
    } else {
      reading.method = "none";
      reading.why_unknown = "objects have no descriptor, and the backend does not tell residency";
      return reading;
    }
  }
  reading.share = total == 0 ? 0.0 : static_cast<double>(resident) / static_cast<double>(total);
  return reading;
}

Result<void> evict_all(const Objects& objects) {
  for (const auto& object : objects) {
    auto evicted = evict_one(*object);
    if (!evicted) return evicted;
  }
  return {};
}

Result<void> warm_all(const Objects& objects, Pacer& pacer) {
  auto buffer = Memory::map(limits::kMiB);
  if (!buffer) return pass(buffer);
  for (const auto& object : objects) {
    auto warmed = warm_one(*object, *buffer, pacer);
    if (!warmed) return warmed;
  }
  return {};
}

Proof judge_proof(const ProofInputs& in) {
  Proof proof;
  proof.resident_before = in.before.share;
  proof.resident_after = in.after.share;
  proof.method = in.before.method;
  if (in.device_bytes && in.model_bytes != 0 && !in.no_local_cache) {
    proof.device_ratio = static_cast<double>(*in.device_bytes) / static_cast<double>(in.model_bytes);
  }
  switch (in.cache) {
    case CacheState::cold:
      return judge_cold(in, std::move(proof));
    case CacheState::warm:
      return judge_warm(in, std::move(proof));
    case CacheState::as_is:
    case CacheState::first_start:
      break;
  }
  proof.kind = ProofKind::as_is;
  proof.valid = true;
  return proof;
}

}  // namespace coldload
