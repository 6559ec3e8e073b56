#include "core/base/file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

namespace coldload {
namespace {

using ::testing::EndsWith;

class File : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = std::string(COLDLOAD_BINARY_DIR) + "/base-XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path write(const std::string& name, const std::string& content) {
    std::ofstream(directory_ / name, std::ios::binary) << content;
    return directory_ / name;
  }
  static std::string complaint(const Result<std::string>& read) {
    return read ? "(read " + std::to_string(read->size()) + " bytes)" : read.error().message;
  }

  std::filesystem::path directory_;
};

TEST_F(File, IsReadWholeUpToTheLimitAndRefusedOneByteAboveIt) {
  const auto path = write("x", std::string(100'000, 'x'));
  EXPECT_EQ(complaint(read_small_file(path, 100'000)), "(read 100000 bytes)");
  EXPECT_THAT(complaint(read_small_file(path, 99'999)), EndsWith("x: larger than the limit of 100 kB"));
}

TEST_F(File, IsNotFoundOrADirectoryOrADeviceByName) {
  EXPECT_THAT(complaint(read_small_file(directory_ / "absent", 10)),
              EndsWith("absent: No such file or directory"));
  EXPECT_EQ(read_small_file(directory_ / "absent", 10).error().status, Status::not_found);
  EXPECT_EQ(complaint(read_small_file(directory_, 10)),
            directory_.string() + ": is a directory, expected a file");
  EXPECT_EQ(complaint(read_small_file("/dev/zero", 10)), "/dev/zero: is a device, expected a file");
}

TEST_F(File, OfTheKernelIsReadThoughItsSizeIsGivenAsZero) {
  const auto status = read_small_file("/proc/self/status", 1 << 20);
  ASSERT_TRUE(status);
  EXPECT_THAT(*status, ::testing::HasSubstr("VmHWM"));
}

TEST_F(File, MayBeAPipe) {
  const auto path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  // Open before the reader looks, as the shell does for a process substitution.
  const Descriptor both(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(both.valid());
  std::thread writer([&path, &both] {
    Descriptor end(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_TRUE(write_all(end.get(), std::string(200'000, 'p')));
    const_cast<Descriptor&>(both).reset();
  });
  const auto read = read_small_file(path, 1 << 20);
  writer.join();
  EXPECT_EQ(complaint(read), "(read 200000 bytes)");
}

TEST_F(File, OfAPipeThatNobodyWritesToIsEmptyAndDoesNotHang) {
  const auto path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(complaint(read_small_file(path, 10)), "(read 0 bytes)");
}

TEST_F(File, OfAnEndlessPipeEndsAtTheLimit) {
  const auto path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Descriptor both(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(write_all(both.get(), "0123456789x"));
  EXPECT_THAT(complaint(read_small_file(path, 10)), EndsWith("larger than the limit of 10 B"));
}

TEST_F(File, WrittenAtomicallyReplacesTheOldOneWhole) {
  const auto path = write("result.json", "old and longer");
  ASSERT_TRUE(write_file_atomically(path, "new"));
  EXPECT_EQ(read_small_file(path, 100).value_or(""), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(File, ThatCannotBeWrittenWholeLeavesTheOldOneAndNoHalf) {
  const auto path = write("result.json", "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = write_file_atomically(path, std::string(10'000, 'n'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, path.string() + ": write: File too large");
  EXPECT_EQ(read_small_file(path, 100).value_or(""), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(File, OverADirectoryIsRefusedAndLeavesNothingBehind) {
  std::filesystem::create_directory(directory_ / "taken");
  const auto written = write_file_atomically(directory_ / "taken", "x");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, EndsWith("taken: rename: Is a directory"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(File, DescriptorClosesOnceAndGivesUpWhatIsReleased) {
  Descriptor first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int fd = first.get();
  Descriptor second = std::move(first);
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.get(), fd);
  EXPECT_EQ(second.release(), fd);
  EXPECT_FALSE(second.valid());
  Descriptor third(fd);
  third.reset();
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

}  // namespace
}  // namespace coldload
