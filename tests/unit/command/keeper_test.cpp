// A program and all it starts: found, started, watched, and none of it left.
#include "plugins/command/keeper.hpp"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "coldload/cpp/failure.hpp"

namespace coldload::command {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSecond = 1'000'000'000;

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// Living processes that have `mark` in their environment; a zombie has none.
std::vector<std::string> processes_with(const std::string& mark) {
  std::vector<std::string> found;
  DIR* processes = ::opendir("/proc");
  while (const dirent* entry = ::readdir(processes)) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    const std::string base = std::string("/proc/") + entry->d_name;
    if (content_of(base + "/environ").find(mark) != std::string::npos) found.push_back(entry->d_name);
  }
  ::closedir(processes);
  return found;
}

class KeptShell : public ::testing::Test {
 protected:
  // The script, marked so that all it starts can be found.
  Keeper& start(const std::string& script) {
    program_ = std::make_unique<Program>(std::vector<std::string>{"sh", "-c", script},
                                         std::vector<Variable>{{"COLDLOAD_TEST_KEPT", mark_}});
    keeper_ = std::make_unique<Keeper>(*program_);
    keeper_->launch();
    return *keeper_;
  }
  bool until_output(const std::string& text) {
    for (int i = 0; i < 500; ++i) {
      keeper_->read_output(output_);
      if (output_.kept().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  std::optional<int> until_exit() {
    for (int i = 0; i < 500 && !keeper_->exit_status(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return keeper_->exit_status();
  }
  [[nodiscard]] std::vector<std::string> left() const {
    return processes_with("COLDLOAD_TEST_KEPT=" + mark_);
  }

  // One that is just becoming another program shows no environment for a moment.
  [[nodiscard]] bool until_left(size_t count) const {
    for (int i = 0; i < 500; ++i) {
      if (left().size() == count) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::string mark_ =
      std::to_string(::getpid()) + "-" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::unique_ptr<Program> program_;
  std::unique_ptr<Keeper> keeper_;
  Output output_;
};

TEST(CommandProgram, IsFoundAsAShellFindsIt) {
  EXPECT_EQ(find_program("sh", "/nonexistent:/bin"), "/bin/sh");
  EXPECT_EQ(find_program("/bin/sh", ""), "/bin/sh");
  EXPECT_EQ(find_program("sh", "/nonexistent"), std::nullopt);
  EXPECT_EQ(find_program("/bin", "/"), std::nullopt) << "a directory";
  EXPECT_EQ(find_program("/etc/passwd", ""), std::nullopt) << "not executable";
}

TEST(CommandProgram, ThatIsNotThereIsNamed) {
  try {
    const Program program({"no-such-program-of-coldload"}, {});
    FAIL() << "not refused";
  } catch (const sdk::Failure& failure) {
    EXPECT_EQ(failure.status(), COLDLOAD_NOT_FOUND);
    EXPECT_THAT(failure.what(),
                HasSubstr("no program \"no-such-program-of-coldload\" in any directory of PATH"));
  }
}

TEST_F(KeptShell, WritesWhatIsReadAndEndsWithItsStatus) {
  start("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(until_exit());
  EXPECT_EQ(status_in_words(*until_exit()), "exit status 3");
  EXPECT_EQ(keeper_->stop(kSecond, output_).last_signal, 0);
  EXPECT_EQ(output_.kept(), "out\nerr\n");
}

TEST_F(KeptShell, HasOurEnvironmentWithChangesOverItAndNothingOpenButItsPipes) {
  start("echo \"$COLDLOAD_TEST_KEPT\"; ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0");
  ASSERT_TRUE(until_exit());
  keeper_->stop(kSecond, output_);
  // 3 is the directory that ls reads.
  EXPECT_EQ(output_.kept(), mark_ + "\n0 1 2 3 /dev/null\n");
}

TEST_F(KeptShell, EndsAtSigtermWithAllItStarted) {
  start("sleep 1000 & sleep 1000 & echo up; wait");
  ASSERT_TRUE(until_output("up"));
  EXPECT_TRUE(until_left(3));
  const Ending ending = keeper_->stop(10 * kSecond, output_);
  EXPECT_EQ(ending.last_signal, SIGTERM);
  EXPECT_EQ(ending.survivor_count, 0);
  EXPECT_THAT(left(), ::testing::IsEmpty());
}

TEST_F(KeptShell, EndsAtSigkillWhenItHeedsNoSigterm) {
  start("trap '' TERM; echo up; while :; do sleep 1; done");
  ASSERT_TRUE(until_output("up"));
  EXPECT_EQ(keeper_->stop(kSecond / 10, output_).last_signal, SIGKILL);
  EXPECT_THAT(left(), ::testing::IsEmpty());
}

TEST_F(KeptShell, EndsWithAGrandchildThatLeftItsGroupAndItsParent) {
  start("setsid sh -c 'trap \"\" TERM; sleep 1000 & echo daemon; wait' & echo up; exit 0");
  ASSERT_TRUE(until_output("daemon"));
  ASSERT_TRUE(until_exit());
  EXPECT_TRUE(until_left(2)) << "the daemon and its child live on";
  EXPECT_EQ(keeper_->stop(kSecond / 10, output_).last_signal, SIGKILL);
  EXPECT_THAT(left(), ::testing::IsEmpty());
}

TEST_F(KeptShell, EndsWithItsKeeperObjectWhateverItDoes) {
  start("trap '' TERM; sleep 1000 & echo up; wait");
  ASSERT_TRUE(until_output("up"));
  keeper_.reset();
  EXPECT_THAT(left(), ::testing::IsEmpty());
}

// The worker is killed: its end of the pipe is closed, and nobody says stop.
TEST_F(KeptShell, EndsWhenTheProcessThatStartedItIsKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t worker = ::fork();
  if (worker == 0) {
    start("setsid sleep 1000 & sleep 1000 & trap '' TERM; echo up; wait");
    until_output("up");
    static_cast<void>(::write(ready[1], "x", 1) == 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(until_left(3));
  ::kill(worker, SIGKILL);
  ::waitpid(worker, nullptr, 0);
  EXPECT_TRUE(until_left(0));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(KeptShell, IsReadToItsEndThoughItWritesMoreThanAPipeHolds) {
  start(
      "head -c 3000000 /dev/zero | tr '\\0' 'x'; trap 'head -c 3000000 /dev/zero | tr \"\\0\" \"y\"; exit' "
      "TERM; echo; "
      "echo up; while :; do sleep 0.01; done");
  ASSERT_TRUE(until_output("up"));
  keeper_->stop(10 * kSecond, output_);
  EXPECT_GE(output_.bytes_written(), 6'000'004U);
  EXPECT_LT(output_.bytes_written(), 6'000'100U) << "and the shell's word on what SIGTERM ended";
}

TEST(CommandKeeper, ThrowsWhyAProgramCannotBeRun) {
  const std::string path = ::testing::TempDir() + "/coldload-no-interpreter";
  std::ofstream(path) << "#!/nonexistent/interpreter\n";
  ::chmod(path.c_str(), 0700);
  const Program program({path}, {});
  Keeper keeper(program);
  try {
    keeper.launch();
    FAIL() << "not refused";
  } catch (const sdk::Failure& failure) {
    EXPECT_EQ(failure.status(), COLDLOAD_NOT_FOUND);
    EXPECT_THAT(failure.what(), HasSubstr("argv: running " + path));
  }
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace coldload::command
