// The C++ layer, and plugins of other compilers and languages behind the same tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <stdexcept>

#include "coldload/cpp/options.hpp"
#include "coldload/cpp/threads.hpp"
#include "tests/support/plugin_harness.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::testing {
namespace {

using ::testing::HasSubstr;

std::string sample(const char* name) {
  return std::string(COLDLOAD_BINARY_DIR) + "/lib/coldload/samples/coldload_" + name + ".so";
}

TEST(Boundary, ABackendOfClangAndLibcxxServesOurStrategies) {
  for (const char* name : {"sequential", "parallel", "io_uring"}) {
    Scratch scratch;
    RecordingHost host;
    const Component backend(host, sample("libcxx_sample"), {{"root", scratch.path()}});
    const Component strategy(host, name, {{"chunk", "64 KiB"}});
    Load load(host, backend, strategy, {scratch.file("m/a", 300'001), scratch.file("m/b", 1)});
    const Outcome outcome = load.run();
    EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
    EXPECT_EQ(load.complaint() + load.coverage(), "");
  }
}

TEST(Boundary, AnExceptionOfLibcxxArrivesAsAStatusAndAMessage) {
  const Scratch scratch;
  RecordingHost host;
  const Component backend(host, sample("libcxx_sample"), {{"root", scratch.path()}});
  void* object = nullptr;
  coldload_object_info info = {};
  info.struct_size = sizeof info;
  const Outcome outcome = call([&](coldload_error* error) {
    return backend.backend_ops().open(backend.self(), "absent", 0, &object, &info, error);
  });
  EXPECT_EQ(outcome.status, COLDLOAD_NOT_FOUND);
  EXPECT_THAT(outcome.message, HasSubstr("/absent: No such file or directory"));
  EXPECT_EQ(outcome.os_error, ENOENT);
}

TEST(Boundary, AStrategyInCServesOurBackends) {
  Scratch scratch;
  RecordingHost host;
  const Component strategy(host, sample("c_sample"));
  const Component local(host, "local", {{"root", scratch.path()}});
  Load from_disk(host, local, strategy, {scratch.file("a", 300'001), scratch.file("b", 0)});
  EXPECT_EQ(from_disk.run().status, COLDLOAD_OK);
  EXPECT_EQ(from_disk.complaint() + from_disk.coverage(), "");
  const Component null(host, "null", {{"size", "300001 B"}});
  Load zeros(host, null, strategy, {{"null-00001-of-00001.safetensors", 300'001, nullptr}});
  EXPECT_EQ(zeros.run().status, COLDLOAD_OK);
  EXPECT_EQ(zeros.complaint() + zeros.coverage(), "");
}

TEST(Guarded, TurnsWhateverIsThrownIntoAStatus) {
  const auto outcome_of = [](auto&& thrower) {
    return call([&](coldload_error* error) { return sdk::guarded(error, thrower); });
  };
  const Outcome failure = outcome_of([] { throw sdk::Failure(COLDLOAD_TIMED_OUT, "after 3 s", -503, true); });
  EXPECT_EQ(failure.status, COLDLOAD_TIMED_OUT);
  EXPECT_EQ(failure.message, "after 3 s");
  EXPECT_EQ(failure.os_error, -503);
  EXPECT_EQ(outcome_of([] { throw std::bad_alloc(); }).status, COLDLOAD_OUT_OF_MEMORY);
  EXPECT_EQ(outcome_of([] { throw std::runtime_error("x"); }).message, "x");
  EXPECT_EQ(outcome_of([] { throw 5; }).message, "an exception of unknown type");
  EXPECT_EQ(outcome_of([] {}).status, COLDLOAD_OK);
  EXPECT_EQ(sdk::guarded(nullptr, [] { throw 5; }), COLDLOAD_INTERNAL) << "a caller that wants no message";
  const std::string long_text(2000, 'x');
  EXPECT_EQ(outcome_of([&] { throw std::runtime_error(long_text); }).message.size(), 499u);
}

TEST(Options, NameTheOptionThatIsMissingOrOfAnotherType) {
  coldload_option_value value = {};
  value.struct_size = sizeof value;
  value.type = COLDLOAD_OPTION_INT;
  value.name = "threads";
  value.as.integer = 4;
  const sdk::Options options(&value, 1);
  EXPECT_EQ(options.count("threads"), 4u);
  const auto message_of = [](auto&& thrower) {
    return call([&](coldload_error* error) { return sdk::guarded(error, thrower); }).message;
  };
  EXPECT_THAT(message_of([&] { (void)options.bytes("chunk"); }),
              HasSubstr("option \"chunk\" was not passed"));
  EXPECT_THAT(message_of([&] { (void)options.text("threads"); }), HasSubstr("option \"threads\" has type 2"));
}

TEST(Threads, KeepTheFirstError_TellTheOthersToStop_AndAreAllJoined) {
  std::atomic<uint32_t> ended{0};
  try {
    sdk::run_threads(4, [&](uint32_t index, const sdk::StopFlag& stop) {
      if (index == 2) throw sdk::Failure(COLDLOAD_IO_ERROR, "the first");
      while (!stop.stopped()) std::this_thread::yield();
      ++ended;
      throw sdk::Failure(COLDLOAD_INTERNAL, "a later one");
    });
    FAIL() << "nothing was thrown";
  } catch (const sdk::Failure& failure) {
    EXPECT_STREQ(failure.what(), "the first");
  }
  EXPECT_EQ(ended, 3u);
}

TEST(Threads, RunTheFirstBodyOnTheCallingThread) {
  std::thread::id first;
  sdk::run_threads(2, [&](uint32_t index, const sdk::StopFlag&) {
    if (index == 0) first = std::this_thread::get_id();
  });
  EXPECT_EQ(first, std::this_thread::get_id());
}

}  // namespace
}  // namespace coldload::testing
