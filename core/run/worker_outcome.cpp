#include "core/run/worker_outcome.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstring>
#include <utility>

#include "core/base/result.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

using End = WorkerOutcome::End;

std::string where(const WorkerProgress& last) {
  std::string text = last.phase.empty() ? "before its first phase" : fmt::format("in phase {}", last.phase);
  if (last.phase == "load" && last.total_bytes != 0) {
    text += fmt::format(", {} of {} delivered", format_bytes_decimal(last.delivered_bytes),
                        format_bytes_decimal(last.total_bytes));
  }
  return text;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

RunRecord answered_record(const WorkerOutcome& outcome) {
  RunRecord failed;
  failed.status = RunStatus::failed;
  if (json::text_or(outcome.answer, "event") == "record") {
    const json::value* written = outcome.answer.if_contains("record");
    auto record = run_record_from_json(written == nullptr ? json::value() : *written);
    if (record) return std::move(*record);
    failed.reason = "the worker's record is malformed: " + record.error().message;
    return failed;
  }
  const auto status = static_cast<Status>(json::integer_or(outcome.answer, "status"));
  if (status == Status::unsupported) failed.status = RunStatus::skipped;
  failed.reason = json::text_or(outcome.answer, "message", "the worker gave no record");
  return failed;
}

// The worker's own clock against ours: a difference means that time was lost where neither phase has it.
void compare_clocks(const WorkerOutcome& outcome, RunRecord& record) {
  const Metric* total = record.metric("worker_total_ns");
  if (total == nullptr || outcome.answered_after_ns == 0) return;
  const double difference = static_cast<double>(outcome.answered_after_ns) - total->value;
  record.metrics.push_back({"parent_total_ns", "ns", static_cast<double>(outcome.answered_after_ns)});
  constexpr double kDifferenceMaxNs = 50e6;
  if (difference > kDifferenceMaxNs || difference < -kDifferenceMaxNs) {
    record.disturbed.push_back(
        fmt::format("the parent's clock and the worker's differ by {:.0f} ms", difference / 1e6));
  }
}

}  // namespace

RunRecord record_of(const WorkerOutcome& outcome, uint64_t timeout_ns) {
  RunRecord record;
  if (!outcome.answer.empty()) {
    record = answered_record(outcome);
    compare_clocks(outcome, record);
  }
  const std::string hung = outcome.hung ? "; it hangs in the kernel and outlived SIGKILL" : "";
  switch (outcome.end) {
    case End::answered:
      break;
    case End::exited:
      record.status = RunStatus::crashed;
      record.reason =
          fmt::format("the worker exited with status {} {}", outcome.exit_status, where(outcome.last));
      break;
    case End::signalled:
      record.status = RunStatus::crashed;
      record.reason =
          fmt::format("the worker was ended by {} {}", signal_name(outcome.signal), where(outcome.last));
      break;
    case End::timed_out:
      record.status = RunStatus::timed_out;
      record.reason =
          fmt::format("no end after {}, {}{}", format_duration(timeout_ns), where(outcome.last), hung);
      break;
    case End::interrupted:
      record.status = RunStatus::cancelled;
      record.reason = fmt::format("interrupted {}{}", where(outcome.last), hung);
      break;
    case End::not_started:
      record.status = RunStatus::failed;
      record.reason = outcome.reason;
      break;
  }
  record.output = outcome.output;
  return record;
}

}  // namespace coldload
