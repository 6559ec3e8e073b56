// Faults around a strategy, moved from the first call to the last: it stops, says which, and leaves nothing
// behind.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "core/base/file.hpp"
#include "core/conformance/loading.hpp"
#include "core/conformance/patience.hpp"
#include "core/conformance/self.hpp"
#include "core/conformance/strategy_checks.hpp"

namespace coldload::conformance {
namespace {

constexpr uint64_t kPlacesMax = 24;

// Which of `count` calls are made to fail: all, or so many spread over them, first and last included.
std::vector<uint64_t> places(uint64_t count) {
  std::vector<uint64_t> at;
  if (count == 0) return at;
  const uint64_t shown = std::min(count, kPlacesMax);
  for (uint64_t i = 0; i < shown; ++i) at.push_back(shown == 1 ? 0 : i * (count - 1) / (shown - 1));
  return at;
}

// After load() has returned, however it ended.
void need_all_quiet(const Loading& loading, const std::string& when) {
  if (!threads_come_back_to(loading.threads_before())) {
    broken("{}: {} threads after load() returned, {} before: they are joined in load()", when, thread_count(),
           loading.threads_before());
  }
  if (loading.sink().anything_arrives()) {
    broken("{}: a read that was in flight when load() returned has written to a buffer", when);
  }
  if (const std::string late = loading.sink().fault(Fault::late); !late.empty()) broken("{}: {}", when, late);
  if (loading.source().late_reads != 0) {
    broken("{}: it read from an object after load() had returned", when);
  }
}

void need_failure(const Loading& loading, Status status, std::string_view message, const std::string& when) {
  if (loading.result()) broken("{}, and load() says that all is well", when);
  check_failure(loading.result().error(), {status}, when);
  if (!loading.result().error().message.contains(message)) {
    broken("{} with \"{}\", and load() said only: {}", when, message, loading.result().error().message);
  }
}

// Runs one load with its fault at each of the calls there are.
void fail_each(const Subject& subject, std::string_view call, Status status, std::string_view message,
               const std::function<uint64_t(const Loading&)>& count,
               const std::function<void(LoadSettings&, uint64_t)>& place) {
  Loading clean(subject, awkward_load());
  clean.run();
  clean.need_success();
  clean.teardown();
  const uint64_t calls = count(clean);
  if (calls == 0) inapplicable("it makes no such call");
  for (const uint64_t at : places(calls)) {
    LoadSettings settings = awkward_load();
    place(settings, at);
    Loading loading(subject, settings);
    loading.run();
    const std::string when = fmt::format("{} {} of {} failed", call, at + 1, calls);
    need_failure(loading, status, message, when);
    need_all_quiet(loading, when);
    loading.teardown();
  }
}

// A copy of the awkward files, for a check that changes them.
std::filesystem::path copied_files(const Subject& subject) {
  const std::filesystem::path copy = subject.samples / "copy";
  std::filesystem::create_directories(copy);
  for (const SampleFile& file : awkward_files()) {
    std::filesystem::copy_file(subject.samples / file.name, copy / file.name,
                               std::filesystem::copy_options::overwrite_existing);
  }
  return copy;
}

}  // namespace

void check_strategy_read_faults(const Subject& subject) {
  fail_each(
      subject, "read", Status::io_error, kReadFault,
      [](const Loading& clean) { return clean.source().reads.load(); },
      [](LoadSettings& settings, uint64_t at) { settings.fail_read_at = at; });
}

void check_strategy_acquire_faults(const Subject& subject) {
  fail_each(
      subject, "acquire()", Status::internal, kSinkFault,
      [](const Loading& clean) { return clean.sink().acquisitions(); },
      [](LoadSettings& settings, uint64_t at) { settings.sink.fail_acquire_at = at; });
}

void check_strategy_delivery_faults(const Subject& subject) {
  fail_each(
      subject, "delivery", Status::integrity, kSinkFault,
      [](const Loading& clean) { return clean.sink().deliveries(); },
      [](LoadSettings& settings, uint64_t at) { settings.sink.fail_deliver_at = at; });
}

void check_strategy_short_file(const Subject& subject) {
  LoadSettings settings = awkward_load();
  settings.directory = copied_files(subject);
  for (size_t i = 0; i < awkward_files().size(); ++i) {
    const SampleFile& file = awkward_files()[i];
    if (file.size_bytes < 2) continue;
    (void)copied_files(subject);
    Loading loading(subject, settings);
    if (loading.needs().buffer_bytes == 0)
      inapplicable("it maps files: reading past the end of one is a signal, not an error");
    // By more than its last page, which would still be in the cache.
    std::filesystem::resize_file(settings.directory / file.name, file.size_bytes / 2);
    loading.run();
    const std::string when = fmt::format("{} became shorter after it was opened", file.name);
    if (loading.result()) broken("{}, and load() says that all is well", when);
    check_failure(loading.result().error(), {}, when);
    need_all_quiet(loading, when);
    loading.teardown();
  }
}

void check_strategy_cancel(const Subject& subject) {
  Loading clean(subject, large_load());
  clean.run();
  clean.need_success();
  clean.teardown();
  const uint64_t deliveries = clean.sink().deliveries();
  for (const uint64_t at : {uint64_t{0}, deliveries / 2}) {
    LoadSettings settings = large_load();
    settings.sink.cancel_at = at;
    // So that there is something left to stop.
    settings.sink.delivery_pause_us = 2000;
    Loading loading(subject, settings);
    loading.run();
    const std::string when = fmt::format("the host said to stop at delivery {} of {}", at + 1, deliveries);
    if (loading.returned_ns() - loading.sink().cancelled_ns() > kPatienceNs)
      broken("{}, and load() {}", when, kIgnoredStop);
    if (loading.result()) {
      if (!loading.sink().gap().empty())
        broken("{}, and load() says that all is well, but {}", when, loading.sink().gap());
      // A strategy that has only a few chunks may be done by then.
      if (deliveries > 4 && at == 0)
        broken("{}, and load() went on to the end: poll cancelled() once per chunk", when);
    } else {
      check_failure(loading.result().error(), {Status::cancelled}, when);
    }
    need_all_quiet(loading, when);
    loading.teardown();
  }
}

void check_strategy_cancelled_before(const Subject& subject) {
  const LoadSettings settings = awkward_load();
  Loading loading(subject, settings);
  loading.stop();
  loading.run();
  if (loading.result()) broken("the host had said to stop before load(), and it says that all is well");
  check_failure(loading.result().error(), {Status::cancelled}, "a load that was stopped before it began");
  need_all_quiet(loading, "stopped before it began");
  loading.teardown();
}

void check_strategy_nothing_after(const Subject& subject) {
  Loading loading(subject, awkward_load());
  loading.run();
  loading.need_success();
  need_all_quiet(loading, "after a load that went well");
  loading.teardown();
  // Objects are closed after teardown(); what still uses them would crash a run.
  need_all_quiet(loading, "after teardown()");
}

}  // namespace coldload::conformance
