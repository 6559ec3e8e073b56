// Reads of this process and of what it started, by the kernel's own accounting: needs a file system on a
// disk.
#include "core/run/storage_reads.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

constexpr uint64_t kFileBytes = 4 * limits::kMiB;
constexpr uint64_t kNearlyAll = kFileBytes / 20 * 19;  // the kernel may keep a page that it was asked to drop

class StorageReadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = ::open(COLDLOAD_BINARY_DIR, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    ASSERT_GE(file_, 0);
    const std::string content(kFileBytes, 'r');
    ASSERT_EQ(::write(file_, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    ASSERT_EQ(::fsync(file_), 0);
    ASSERT_EQ(::pipe2(told_.data(), O_CLOEXEC), 0);
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_DONTNEED);
    before_ = storage_reads().bytes.value_or(0);
  }
  void TearDown() override {
    for (const int fd : {file_, told_[0], told_[1]}) ::close(fd);
  }
  // In a child: reads the file and says so.
  void read_file() const {
    std::array<char, 65536> block{};
    for (uint64_t at = 0; at < kFileBytes; at += block.size()) {
      static_cast<void>(::pread(file_, block.data(), block.size(), static_cast<off_t>(at)));
    }
    static_cast<void>(::write(told_[1], "x", 1) == 1);
  }
  void until_told() const {
    char byte = 0;
    ASSERT_EQ(::read(told_[0], &byte, 1), 1);
  }
  static pid_t in_child(const std::function<void()>& body) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    body();
    ::pause();
    ::_exit(0);
  }
  static void end(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  [[nodiscard]] uint64_t since() const { return storage_reads().bytes.value_or(0) - before_; }

  int file_ = -1;
  std::array<int, 2> told_{-1, -1};
  uint64_t before_ = 0;
};

TEST_F(StorageReadsTest, CountAChildThatLivesAndOnceOnlyWhenItHasBeenWaitedFor) {
  const pid_t child = in_child([this] { read_file(); });
  until_told();
  EXPECT_GE(since(), kNearlyAll);
  EXPECT_LT(since(), 2 * kFileBytes);
  end(child);
  EXPECT_GE(since(), kNearlyAll);
  EXPECT_LT(since(), 2 * kFileBytes);
}

TEST_F(StorageReadsTest, CountAGrandchildThatLives) {
  const pid_t child = in_child([this] {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t grandchild = in_child([this] {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      read_file();
    });
    ::waitpid(grandchild, nullptr, 0);
  });
  until_told();
  EXPECT_GE(since(), kNearlyAll);
  EXPECT_LT(since(), 2 * kFileBytes);
  end(child);
}

TEST_F(StorageReadsTest, DoNotCountWhatAnotherProcessReadsForUs) {
  // A child of a child that the kernel waits for in our stead: its reads are nobody's.
  const pid_t child = in_child([this] {
    ::signal(SIGCHLD, SIG_IGN);
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      read_file();
      ::_exit(0);
    }
    ::waitpid(grandchild, nullptr, 0);
    static_cast<void>(::write(told_[1], "y", 1) == 1);
  });
  until_told();
  until_told();
  EXPECT_LT(since(), kFileBytes);
  end(child);
}

}  // namespace
}  // namespace coldload
