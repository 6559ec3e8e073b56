#include "core/plan/skip.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/plan/objects.hpp"

namespace coldload {
namespace {

constexpr uint64_t kPoolBytesMin = 64 * limits::kMiB;
constexpr double kWarmShareMax = 0.8;  // of the RAM: the rest is the pool's and everybody else's

using Reason = std::optional<std::string>;

// A buffer is congruent to its offset modulo a page, so each has one to spare.
uint64_t slot_bytes_of(const Survey& survey) {
  return survey.buffer_bytes == 0 ? 0 : saturating_add(survey.buffer_bytes, limits::kPageBytes);
}

uint64_t needed_pool_bytes(const Survey& survey) {
  return saturating_multiply(slot_bytes_of(survey), std::max(survey.buffers_in_flight, 1U));
}

std::string_view backend_of(const Case& subject) {
  return subject.backend.empty() ? std::string_view() : std::string_view(subject.backend.back().name);
}

Reason missing_ability(const Case& subject) {
  const Survey& survey = subject.survey;
  if (survey.unsupported) return survey.unsupported;
  uint32_t needed = survey.needs_capabilities;
  if (subject.is_direct()) needed |= COLDLOAD_CAN_DIRECT;
  const uint32_t missing = needed & ~survey.capabilities;
  if (missing != 0) {
    return fmt::format("needs {}: objects of backend \"{}\" have none", capability_names(missing),
                       backend_of(subject));
  }
  if (!survey.missing_extensions.empty()) {
    return fmt::format(
        "strategy \"{}\" as configured needs the extension {}, which backend \"{}\" does not offer",
        subject.strategy.name, survey.missing_extensions.front(), backend_of(subject));
  }
  return std::nullopt;
}

Reason wrong_cache_state(const Case& subject) {
  if (subject.cache == CacheState::first_start && !subject.survey.stages) {
    return fmt::format(
        "first-start needs a backend that stages, and backend \"{}\" does not: it has no first start "
        "other than a cold one",
        backend_of(subject));
  }
  if (subject.cache != CacheState::warm) return std::nullopt;
  if ((subject.survey.capabilities & COLDLOAD_CAN_NO_LOCAL_CACHE) != 0) {
    return fmt::format(
        "nothing local to warm: nothing that is read from backend \"{}\" stays on this machine",
        backend_of(subject));
  }
  if (subject.is_direct()) return "a direct read does not use the page cache: there is no warm case";
  return std::nullopt;
}

// What is asked of the bytes' way through the host cannot be had of a program that reads by itself.
Reason asked_of_a_program(const Case& subject, const RunSettings& run) {
  if (subject.destination != "stream") {
    return fmt::format(
        "strategy \"{}\" brings the model into its own program's memory, not to destination \"{}\"",
        subject.strategy.name, subject.destination);
  }
  if (subject.sampled) {
    return fmt::format(
        "[run] sample loads some shards only, and the program of strategy \"{}\" loads the whole model",
        subject.strategy.name);
  }
  if (run.max_bandwidth) {
    return fmt::format("[run] max_bandwidth cannot hold back what the program of strategy \"{}\" reads",
                       subject.strategy.name);
  }
  return std::nullopt;
}

Reason too_little_memory(const Case& subject, const RunSettings& run, const PlanLimits& limits) {
  const std::string available =
      fmt::format("{} allows {}", limits.ram_source, format_bytes_decimal(limits.ram_bytes));
  const uint64_t model = subject.item_bytes();
  const uint64_t pool = pool_bytes_of(subject, run);
  const bool warm = subject.cache == CacheState::warm;
  if (warm && static_cast<double>(model) > kWarmShareMax * static_cast<double>(limits.ram_bytes)) {
    return fmt::format("warm needs the model's {} within {} of the memory, and {}",
                       format_bytes_decimal(model), kWarmShareMax, available);
  }
  if (subject.destination == "host") {
    // A warm model is resident twice: in the page cache, and where it is brought.
    const uint64_t copies = warm ? 2 : 1;
    if (saturating_add(saturating_multiply(model, copies), pool) > limits.ram_bytes) {
      return fmt::format("host needs the model's {} {}and a pool of {} in memory, and {}",
                         format_bytes_decimal(model), warm ? "twice (cached and resident) " : "",
                         format_bytes_decimal(pool), available);
    }
  } else if (pool > limits.ram_bytes) {
    return fmt::format("needs a pool of {}, and {}", format_bytes_decimal(pool), available);
  }
  return std::nullopt;
}

Reason too_small_pool(const Case& subject, const RunSettings& run) {
  // A plugin's destination has buffers of its own.
  if (subject.destination_plugin) return std::nullopt;
  const uint64_t needed = needed_pool_bytes(subject.survey);
  if (run.pool_bytes == 0 || run.pool_bytes >= needed) return std::nullopt;
  return fmt::format(
      "strategy \"{}\" holds {} buffers of {} at once, {} with their spare pages, and the pool has {}",
      subject.strategy.name, subject.survey.buffers_in_flight, format_bytes(subject.survey.buffer_bytes),
      format_bytes_decimal(needed), format_bytes(run.pool_bytes));
}

}  // namespace

uint64_t pool_bytes_of(const Case& subject, const RunSettings& run) {
  if (run.pool_bytes != 0) return run.pool_bytes;
  return std::max(kPoolBytesMin, needed_pool_bytes(subject.survey));
}

std::optional<std::string> skip_reason_of(const Case& subject, const RunSettings& run,
                                          const PlanLimits& limits) {
  if (auto reason = missing_ability(subject)) return reason;
  if (auto reason = wrong_cache_state(subject)) return reason;
  // Its memory is its own program's.
  if (subject.survey.external) return asked_of_a_program(subject, run);
  if (auto reason = too_small_pool(subject, run)) return reason;
  return too_little_memory(subject, run, limits);
}

}  // namespace coldload
