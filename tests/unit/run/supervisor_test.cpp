#include "core/run/supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"

namespace coldload {
namespace {

using ::testing::HasSubstr;
using End = WorkerOutcome::End;

constexpr uint64_t kSecond = 1'000'000'000;

// Real child processes; how they behave is in worker_double.cpp.
class SupervisedWorker : public ::testing::Test {
 protected:
  void SetUp() override {
    auto installed = Interrupt::install();
    ASSERT_TRUE(installed);
    interrupt = std::move(*installed);
  }
  void TearDown() override { ::unsetenv("COLDLOAD_TEST_WORKER"); }

  WorkerOutcome execute(const char* how, uint64_t timeout_ns = 60 * kSecond,
                        const Supervisor::ProgressCallback& progress = nullptr) {
    ::setenv("COLDLOAD_TEST_WORKER", how, 1);
    Supervisor supervisor(executable, interrupt);
    const uint64_t begin = now_ns();
    WorkerOutcome outcome = supervisor.execute(request, timeout_ns, progress);
    took_ns = now_ns() - begin;
    return outcome;
  }

  Interrupt interrupt;
  WorkerRequest request;
  std::string executable = COLDLOAD_TEST_WORKER_FILE;
  uint64_t took_ns = 0;
};

TEST_F(SupervisedWorker, ThatAnswersLeavesItsRecord) {
  const auto outcome = execute("answer");
  EXPECT_EQ(outcome.end, End::answered);
  EXPECT_FALSE(outcome.hung);
  EXPECT_EQ(record_of(outcome, kSecond).status, RunStatus::ok);
  EXPECT_NE(outcome.answered_after_ns, 0U);
}

TEST_F(SupervisedWorker, ThatExitsWithoutAnAnswerCrashed) {
  const RunRecord silent = record_of(execute("silent"), kSecond);
  EXPECT_EQ(silent.status, RunStatus::crashed);
  EXPECT_EQ(silent.reason, "the worker exited with status 0 before its first phase");
  const RunRecord failed = record_of(execute("exit"), kSecond);
  EXPECT_EQ(failed.status, RunStatus::crashed);
  EXPECT_EQ(failed.reason, "the worker exited with status 3 before its first phase");
}

TEST_F(SupervisedWorker, ThatCannotBeExecutedExitsAsAShellWouldSay) {
  executable = "/nonexistent/coldload";
  const auto outcome = execute("answer");
  EXPECT_EQ(outcome.end, End::exited);
  EXPECT_EQ(outcome.exit_status, 127);
}

TEST_F(SupervisedWorker, ThatDiesByASignalCrashedAndTheSignalIsNamed) {
  const RunRecord record = record_of(execute("crash"), kSecond);
  EXPECT_EQ(record.status, RunStatus::crashed);
  EXPECT_EQ(record.reason, "the worker was ended by SIGSEGV before its first phase");
}

TEST_F(SupervisedWorker, ThatAnswersAndThenDiesCrashedAllTheSame) {
  const auto outcome = execute("answer then crash");
  EXPECT_EQ(outcome.end, End::signalled);
  EXPECT_FALSE(outcome.answer.empty());
  const RunRecord record = record_of(outcome, kSecond);
  EXPECT_EQ(record.status, RunStatus::crashed);
  EXPECT_EQ(record.reason, "the worker was ended by SIGABRT before its first phase");
}

TEST_F(SupervisedWorker, ThatHangsAndHeedsNoCancelIsKilledWithinItsGrace) {
  std::vector<std::string> phases;
  const auto outcome = execute("hang", kSecond, [&phases](const WorkerProgress& progress) {
    if (phases.empty() || phases.back() != progress.phase) phases.push_back(progress.phase);
  });
  EXPECT_EQ(outcome.end, End::timed_out);
  EXPECT_FALSE(outcome.hung);
  EXPECT_GE(took_ns, kSecond + limits::kCancelGraceMs * 1'000'000);
  EXPECT_LT(took_ns, 30 * kSecond);
  const RunRecord record = record_of(outcome, kSecond);
  EXPECT_EQ(record.status, RunStatus::timed_out);
  EXPECT_EQ(record.reason, "no end after 1.00 s, in phase load, 5.00 MB of 20.0 MB delivered");
  EXPECT_EQ(phases, (std::vector<std::string>{"load"}));
}

TEST_F(SupervisedWorker, ThatIsStoppedIsSaidToHaveBeenWhereItWasThen) {
  const RunRecord late = record_of(execute("loading", kSecond), kSecond);
  EXPECT_EQ(late.reason, "no end after 1.00 s, in phase load, 5.00 MB of 20.0 MB delivered");
  const auto outcome = execute("loading", 60 * kSecond, [](const WorkerProgress& progress) {
    if (progress.delivered_bytes == 5'000'000) static_cast<void>(::raise(SIGINT));
  });
  EXPECT_EQ(record_of(outcome, kSecond).reason, "interrupted in phase load, 5.00 MB of 20.0 MB delivered");
}

// Its request is longer than a pipe holds.
TEST_F(SupervisedWorker, ThatNeverReadsItsRequestDoesNotHoldUpTheWatchdog) {
  request.plugin_files.assign(5'000, std::string(100, 'p'));
  const auto outcome = execute("deaf", kSecond / 5);
  EXPECT_EQ(outcome.end, End::timed_out);
  EXPECT_LT(took_ns, 30 * kSecond);
}

TEST_F(SupervisedWorker, GetsAnInterruptAsTheWordToStop) {
  ASSERT_EQ(::raise(SIGINT), 0);
  request.plugin_files.assign(5'000, std::string(100, 'p'));
  const auto outcome = execute("polite");
  EXPECT_EQ(outcome.end, End::interrupted);
  EXPECT_LT(took_ns, limits::kCancelGraceMs * 1'000'000 + 20 * kSecond);
  const RunRecord record = record_of(outcome, kSecond);
  EXPECT_EQ(record.status, RunStatus::cancelled);
  EXPECT_EQ(record.reason, "interrupted before its first phase");
}

bool is_gone(pid_t pid) {
  const auto stat = read_small_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  // Nobody may be there to reap it: a zombie is as good as gone.
  return !stat || stat->find(") Z ") != std::string::npos;
}

TEST_F(SupervisedWorker, TakesWhatItStartedWithIt) {
  const auto outcome = execute("grandchild");
  EXPECT_EQ(outcome.end, End::answered);
  const size_t at = outcome.output.find("grandchild ");
  ASSERT_NE(at, std::string::npos) << outcome.output;
  const pid_t grandchild = std::stoi(outcome.output.substr(at + 11));
  for (int look = 0; look < 1000 && !is_gone(grandchild); ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(is_gone(grandchild));
}

TEST_F(SupervisedWorker, ThatFloodsItsOutputMeetsItsDeadlineAndLeavesABoundedEnd) {
  const auto outcome = execute("flood", kSecond / 5);
  EXPECT_EQ(outcome.end, End::timed_out);
  EXPECT_EQ(outcome.output, std::string(limits::kWorkerOutputBytesMax, 'f'));
  EXPECT_LT(took_ns, 30 * kSecond);
}

// A background job of a shell has SIGINT ignored; so would its children.
TEST_F(SupervisedWorker, HasItsSignalsAsUsualWhateverTheParentInherited) {
  std::signal(SIGINT, SIG_IGN);
  auto installed = Interrupt::install();
  ASSERT_TRUE(installed);
  interrupt = std::move(*installed);
  EXPECT_EQ(execute("signals").output, "SIGINT as usual\n");
  EXPECT_FALSE(interrupt.pending());
  ASSERT_EQ(::raise(SIGINT), 0);
  EXPECT_TRUE(interrupt.pending());
  EXPECT_TRUE(interrupt.pending());
}

TEST_F(SupervisedWorker, MayStartWhereTheParentHasNoStandardDescriptors) {
  const Descriptor input(::dup(STDIN_FILENO));
  ::close(STDIN_FILENO);
  const auto outcome = execute("answer");
  ::dup2(input.get(), STDIN_FILENO);
  EXPECT_EQ(outcome.end, End::answered);
}

// The real worker, not the double.
TEST_F(SupervisedWorker, AnswersARequestItCannotReadWithAFailure) {
  ::unsetenv("COLDLOAD_TEST_WORKER");
  Supervisor supervisor(executable, interrupt);
  request.operation = Operation::run;
  request.destination = "tape";
  const auto outcome = supervisor.execute(request, 60 * kSecond, nullptr);
  EXPECT_EQ(outcome.end, End::answered);
  const RunRecord record = record_of(outcome, kSecond);
  EXPECT_EQ(record.status, RunStatus::failed);
  EXPECT_THAT(record.reason, ::testing::Not(HasSubstr("malformed")));
}

}  // namespace
}  // namespace coldload
