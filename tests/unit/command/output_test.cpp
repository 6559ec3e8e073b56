// What is kept of a program's output, and that no credential is.
#include "plugins/command/output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "plugins/command/gpu.hpp"

namespace coldload::command {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> new_lines(Output& output, bool last) {
  std::vector<std::string> lines;
  static_cast<void>(output.any_new_line(last, [&](std::string_view line) {
    lines.emplace_back(line);
    return false;
  }));
  return lines;
}

TEST(CommandOutput, GivesEachLineOnceWhenItHasEnded) {
  Output output;
  output.take("one\ntw");
  EXPECT_THAT(new_lines(output, false), ElementsAre("one"));
  output.take("o\rthree");
  EXPECT_THAT(new_lines(output, false), ElementsAre("two"));
  EXPECT_THAT(new_lines(output, false), ElementsAre());
  EXPECT_THAT(new_lines(output, true), ElementsAre("three"));
  EXPECT_THAT(new_lines(output, true), ElementsAre());
}

TEST(CommandOutput, StopsAtTheLineThatIsLookedFor) {
  Output output;
  output.take("a\nb\nc\n");
  EXPECT_TRUE(output.any_new_line(false, [](std::string_view line) { return line == "b"; }));
  EXPECT_THAT(new_lines(output, false), ElementsAre("c"));
}

TEST(CommandOutput, KeepsItsLastWholeLinesAndItsBeginningForPhases) {
  Output output;
  output.take("first\n");
  for (size_t i = 0; i < Output::kScannedBytesMax / 8 + 1; ++i) output.take("1234567\n");
  output.take("last line\n");
  EXPECT_EQ(output.scanned().size(), Output::kScannedBytesMax);
  EXPECT_THAT(std::string(output.scanned().substr(0, 6)), "first\n");
  EXPECT_LE(output.kept().size(), Output::kKeptBytesMax);
  EXPECT_GT(output.kept().size(), Output::kKeptBytesMax - 8);
  EXPECT_THAT(output.kept(), StartsWith("1234567\n"));
  EXPECT_EQ(output.last_line(), "last line");
  EXPECT_EQ(output.bytes_written(), 6 + Output::kScannedBytesMax + 8 + 10);
}

TEST(CommandOutput, OfNothingIsNothing) {
  Output output;
  EXPECT_EQ(output.kept(), "");
  EXPECT_EQ(output.last_line(), "");
  output.take("\n");
  EXPECT_EQ(output.last_line(), "");
}

TEST(CommandOutput, HidesCredentialsOfTheEnvironment) {
  ::setenv("COLDLOAD_TEST_TOKEN", "hunter2hunter2", 1);
  ::setenv("COLDLOAD_TEST_PLAIN", "plainvalue", 1);
  Output output;
  output.take("token=hunter2hunter2, again hunter2hunter2, plainvalue\n");
  EXPECT_EQ(output.kept(), "token=[COLDLOAD_TEST_TOKEN], again [COLDLOAD_TEST_TOKEN], plainvalue\n");
  EXPECT_THAT(output.last_line(), Not(HasSubstr("hunter2")));
  ::unsetenv("COLDLOAD_TEST_TOKEN");
  ::unsetenv("COLDLOAD_TEST_PLAIN");
}

TEST(CommandGpuMemory, IsTheSumOfNvidiaSmisLines) {
  EXPECT_EQ(bytes_of_mebibyte_lines("71234\n"), uint64_t{71234} << 20);
  EXPECT_EQ(bytes_of_mebibyte_lines("1\n2\n"), uint64_t{3} << 20);
  EXPECT_EQ(bytes_of_mebibyte_lines("0"), 0U);
  EXPECT_EQ(bytes_of_mebibyte_lines("[N/A]\n"), std::nullopt);
  EXPECT_EQ(bytes_of_mebibyte_lines(""), std::nullopt);
  EXPECT_EQ(bytes_of_mebibyte_lines("1\nNo devices were found\n"), std::nullopt);
}

}  // namespace
}  // namespace coldload::command
