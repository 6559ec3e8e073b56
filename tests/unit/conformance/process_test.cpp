#include "core/conformance/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include "core/conformance/contract.hpp"

namespace coldload::conformance {
namespace {

using ::testing::HasSubstr;

const auto kNever = [] { return false; };

Attempt attempt(const std::function<void()>& check, uint64_t limit_ms = 20'000) {
  return run_in_process(check, limit_ms, kNever);
}

TEST(Process, EndsAsPassedWhenTheCheckReturns) {
  const Attempt done = attempt([] {});
  EXPECT_EQ(done.ending, Ending::passed);
  EXPECT_EQ(done.detail, "");
}

TEST(Process, EndsAsFailedWithHow_AndAsSkippedWithWhy) {
  const Attempt failed = attempt([] { broken("{} of {}", 1, 2); });
  EXPECT_EQ(failed.ending, Ending::failed);
  EXPECT_EQ(failed.detail, "1 of 2");
  const Attempt skipped = attempt([] { inapplicable("it claims nothing"); });
  EXPECT_EQ(skipped.ending, Ending::skipped);
  EXPECT_EQ(skipped.detail, "it claims nothing");
}

TEST(Process, TakesWhateverElseIsThrownForAFailure) {
  EXPECT_EQ(attempt([] { throw std::runtime_error("thrown"); }).detail, "thrown");
  EXPECT_EQ(attempt([] { throw 1; }).ending, Ending::failed);
}

TEST(Process, KeepsADetailOnOneLine) {
  EXPECT_EQ(attempt([] { broken("one\ntwo"); }).detail, "one two");
}

TEST(Process, NamesTheSignalOfACrash) {
  const Attempt died = attempt([] { ::raise(SIGKILL); });
  EXPECT_EQ(died.ending, Ending::crashed);
  EXPECT_EQ(died.detail, "died by SIGKILL");
}

TEST(Process, TakesAnExitForACrash_WithItsStatus) {
  const Attempt left = attempt([] { ::_exit(0); });
  EXPECT_EQ(left.ending, Ending::crashed);
  EXPECT_THAT(left.detail, HasSubstr("exit status 0"));
}

TEST(Process, IsKilledAtItsLimit) {
  const Attempt hung = attempt([] { ::pause(); }, 200);
  EXPECT_EQ(hung.ending, Ending::timed_out);
  EXPECT_EQ(hung.detail, "no end after 0.2 s");
}

TEST(Process, DoesNotWaitForWhatHoldsItsAnswersPipeOpen) {
  const Attempt done = attempt([] {
    if (::fork() == 0) ::pause();
    ::_exit(3);
  });
  EXPECT_EQ(done.ending, Ending::crashed);
  EXPECT_THAT(done.detail, HasSubstr("exit status 3"));
}

TEST(Process, IsKilledOnceTheCallerSaysToStop) {
  const Attempt stopped = run_in_process([] { ::pause(); }, 60'000, [] { return true; });
  EXPECT_EQ(stopped.ending, Ending::timed_out);
}

TEST(Process, HasNothingOfWhatItsParentHasNotWrittenYet) {
  static std::array<char, 4096> room{};
  ASSERT_EQ(std::setvbuf(stdout, room.data(), _IOFBF, room.size()), 0);
  std::fputs("the parent's\n", stdout);
  EXPECT_EQ(attempt([] { broken("it failed"); }).output, "");
}

TEST(Process, KeepsTheEndOfWhatItPrinted) {
  const Attempt done = attempt([] {
    for (int i = 0; i < 5000; ++i) std::puts("line");
    std::puts("last");
    broken("after all that");
  });
  EXPECT_EQ(done.output.size(), 4096u);
  EXPECT_TRUE(done.output.ends_with("last\n"));
}

}  // namespace
}  // namespace coldload::conformance
