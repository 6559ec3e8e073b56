#include "plugins/nfs/mount.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coldload::nfs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// As a kernel with an NFS client wrote it, with a hostile line between.
constexpr std::string_view kTable =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "99 22 0:53\n"
    "36 22 0:53 / /mnt/models ro,noatime shared:9 master:2 - nfs4 storage:/export/a\\040b "
    "ro,vers=4.2,rsize=1048576,wsize=1048576,namlen=255,hard,proto=tcp,nconnect=4,timeo=600\n"
    "40 22 0:60 / /tmp rw - tmpfs tmpfs rw,size=1024k\n";

TEST(NfsMount, IsFoundByItsDevice_WithItsSourceUnescaped) {
  const auto mount = mount_of_device(kTable, "0:53");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->type, "nfs4");
  EXPECT_EQ(mount->source, "storage:/export/a b");
  EXPECT_EQ(mount->point, "/mnt/models");
  EXPECT_EQ(mount_option(mount->options, "rsize"), "1048576");
  EXPECT_EQ(mount_option(mount->options, "nconnect"), "4");
  EXPECT_EQ(mount_option(mount->options, "vers"), "4.2");
}

TEST(NfsMount, OfADeviceThatIsNotThereIsNone) {
  EXPECT_FALSE(mount_of_device(kTable, "0:5"));
  EXPECT_FALSE(mount_of_device("", "0:53"));
}

TEST(NfsMount, TheLastOfSeveralCounts) {
  const std::string table = std::string(kTable) + "41 22 0:53 /sub /elsewhere rw - nfs4 storage:/export rw\n";
  EXPECT_EQ(mount_of_device(table, "0:53")->point, "/elsewhere");
}

TEST(NfsMount, HostileLinesArePassedOver) {
  for (const char* line : {"\n\n\n", "1 2 0:53 / /m rw", "1 2 0:53 / /m rw -", "1 2 0:53 / /m rw - nfs4",
                           "1 2 0:53 / /m rw - nfs4 s:/e", "- - - - - -", "1 2 0:53 - - - - nfs4"}) {
    EXPECT_FALSE(mount_of_device(line, "0:53")) << line;
  }
  EXPECT_EQ(mount_of_device("1 2 0:53 / /m\\04 rw - nfs4 s:/e\\ rw", "0:53")->source, "s:/e\\");
}

TEST(NfsMount, AnOptionIsMatchedWhole) {
  EXPECT_EQ(mount_option("wsize=1,xrsize=2,rsize", "rsize"), "");
  EXPECT_EQ(mount_option("", "rsize"), "");
  EXPECT_EQ(mount_option(",,=,rsize=,", "rsize"), "");
}

TEST(NfsMount, IsTakenByTheMagicOfTheFileSystem) {
  EXPECT_FALSE(refusal("/mnt/models", 0x6969, std::nullopt));
  // A signed 32-bit field would come with its upper half set.
  EXPECT_FALSE(refusal("/mnt/models", 0xffffffff00006969U, std::nullopt));
}

TEST(NfsMount, AnythingElseIsRefusedWithWhatItIsAndWhatToUse) {
  const auto failure = refusal("/tmp/m", 0x01021994, mount_of_device(kTable, "0:60"));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->status(), COLDLOAD_INVALID_OPTION);
  EXPECT_STREQ(
      failure->what(),
      "path /tmp/m is no NFS mount but tmpfs (mounted from tmpfs at /tmp); for files of any other file "
      "system use plugin = \"local\" with root = \"/tmp/m\"");
}

TEST(NfsMount, WithoutALineTheMagicIsTold) {
  EXPECT_THAT(refusal("/m", 0xef53, std::nullopt)->what(),
              AllOf(HasSubstr("0xef53"), HasSubstr("\"local\"")));
}

}  // namespace
}  // namespace coldload::nfs
