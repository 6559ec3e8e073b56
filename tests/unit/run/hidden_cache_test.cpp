// Where a cache lies that the page cache's answers do not tell of: memory, loop devices, layers below.
#include "core/run/hidden_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/run/proof.hpp"
#include "tests/unit/run/cached_files.hpp"

namespace coldload {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using HiddenCache = CachedFiles;
using HiddenCacheOfAnOverlay = OverlaidFiles;

TEST_F(HiddenCache, IsAFileSystemThatIsMemory) {
  open_below("/dev/shm/coldload-proof-XXXXXX");
  EXPECT_EQ(look_below(objects_).hidden_cache, "the file system is memory: nothing on it can be cold");
}

TEST_F(HiddenCache, IsNoneOnADisk) {
  open_below(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  EXPECT_EQ(look_below(objects_).hidden_cache, std::nullopt);
  EXPECT_EQ(look_below(objects_).unseen, "");
}

TEST_F(HiddenCache, IsThatOfTheFileBelowALoopDevice) {
  mount_image();
  open_in(directory_ / "mount");
  ASSERT_TRUE(evict_all(objects_));
  EXPECT_LE(measure_residency(objects_, ResidencyBy::best).share.value_or(1), 0.01);
  EXPECT_THAT(
      look_below(objects_).hidden_cache.value_or(""),
      AllOf(HasSubstr(" is a loop device over " + (directory_ / "image").string()), HasSubstr("page cache")));
}

TEST_F(HiddenCacheOfAnOverlay, IsNoneAboveADisk) {
  make_directory(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  write_in(directory_ / "lower");
  overlay(directory_ / "lower");
  EXPECT_EQ(look_below(objects_).hidden_cache, std::nullopt);
  EXPECT_EQ(look_below(objects_).unseen, "");
}

TEST_F(HiddenCacheOfAnOverlay, IsThatOfTheFileSystemBelow) {
  mount_image();
  overlay(directory_ / "mount");
  EXPECT_THAT(look_below(objects_).hidden_cache.value_or(""), HasSubstr(" is a loop device over "));
}

TEST_F(HiddenCacheOfAnOverlay, WhoseLayersAreOutOfSightSaysSo) {
  make_directory(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  write_in(directory_ / "lower");
  overlay(directory_ / "lower");
  std::filesystem::rename(directory_ / "lower", directory_ / "moved");
  EXPECT_EQ(look_below(objects_).hidden_cache, std::nullopt);
  EXPECT_EQ(look_below(objects_).unseen, "the file system below the overlay cannot be seen from here");
}

TEST(OverlayLayers, AreTheUpperOneAndThenTheLowerOnesInTheirOrder) {
  using Paths = std::vector<std::filesystem::path>;
  EXPECT_EQ(overlay_layers("rw,lowerdir=/l1:/l2,upperdir=/u,workdir=/w"), (Paths{"/u", "/l1", "/l2"}));
  EXPECT_EQ(overlay_layers("ro,lowerdir+=/a:b,lowerdir+=/c,redirect_dir=on"), (Paths{"/a:b", "/c"}));
  EXPECT_EQ(overlay_layers("ro,lowerdir=/a\\134:b:/with\\040blank"), (Paths{"/a:b", "/with blank"}));
  EXPECT_EQ(overlay_layers("rw,relatime"), Paths{});
}

// A tree like /sys: /sys/dev/block/MAJOR:MINOR leads to a disk's or a partition's directory.
class BlockDevices : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::string(COLDLOAD_BINARY_DIR) + "/sys-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    sys_ = pattern;
    std::filesystem::create_directories(by_number());
  }
  void TearDown() override { std::filesystem::remove_all(sys_); }

  [[nodiscard]] std::filesystem::path by_number() const { return sys_ / "dev" / "block"; }
  std::filesystem::path disk(const std::string& name, const std::string& number) {
    const auto path = sys_ / "devices" / name;
    std::filesystem::create_directories(path / "slaves");
    std::filesystem::create_symlink(path, by_number() / number);
    return path;
  }
  void partition(const std::filesystem::path& of, const std::string& name, const std::string& number) {
    std::filesystem::create_directories(of / name);
    std::ofstream(of / name / "partition") << "1\n";
    std::filesystem::create_symlink(of / name, by_number() / number);
  }
  static void stack(const std::filesystem::path& upper, const std::filesystem::path& lower) {
    std::filesystem::create_symlink(lower, upper / "slaves" / lower.filename());
  }
  [[nodiscard]] std::string below(const std::string& number) const {
    return memory_below(number, by_number()).value_or("none");
  }

  std::filesystem::path sys_;
};

TEST_F(BlockDevices, ThatAreDisksAreNoMemory) {
  partition(disk("nvme0n1", "259:0"), "nvme0n1p1", "259:1");
  disk("nbd0", "43:0");
  disk("ramses", "252:7");
  for (const char* number : {"259:0", "259:1", "43:0", "252:7", "9:9", ""}) EXPECT_EQ(below(number), "none");
}

TEST_F(BlockDevices, ThatAreMemoryAreNamed) {
  EXPECT_EQ((disk("ram0", "1:0"), below("1:0")), "ram0 is a RAM disk: nothing on it can be cold");
  EXPECT_EQ((disk("zram0", "252:0"), below("252:0")),
            "zram0 is compressed memory (zram): nothing on it can be cold");
  const auto loop = disk("loop3", "7:3");
  std::filesystem::create_directories(loop / "loop");
  std::ofstream(loop / "loop" / "backing_file") << "/images/models\n";
  partition(loop, "loop3p1", "259:9");
  const std::string expected =
      "loop3 is a loop device over /images/models: what is read from it may come from this machine's page "
      "cache";
  EXPECT_EQ(below("7:3"), expected);
  EXPECT_EQ(below("259:9"), expected);
}

TEST_F(BlockDevices, AreFollowedThroughMappersAndPartitions) {
  const auto mapper = disk("dm-1", "254:1");
  const auto array = disk("md0", "9:0");
  const auto real = disk("sda", "8:0");
  partition(real, "sda1", "8:1");
  stack(mapper, array);
  stack(array, real / "sda1");
  EXPECT_EQ(below("254:1"), "none");
  stack(array, disk("ram1", "1:1"));
  EXPECT_EQ(below("254:1"), "dm-1 lies on it: md0 lies on it: ram1 is a RAM disk: nothing on it can be cold");
}

TEST_F(BlockDevices, ThatAreStackedInACircleEnd) {
  const auto one = disk("dm-1", "254:1");
  const auto other = disk("dm-2", "254:2");
  stack(one, other);
  stack(other, one);
  EXPECT_THAT(below("254:1"), HasSubstr("is stacked on too many devices to see"));
}

}  // namespace
}  // namespace coldload
