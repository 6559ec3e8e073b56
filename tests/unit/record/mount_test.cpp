#include "core/record/mount.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace coldload {
namespace {

Mount mount_of_type(std::string type, std::string source = "server:/export", std::string device = "") {
  Mount mount;
  mount.type = std::move(type);
  mount.source = std::move(source);
  mount.device = std::move(device);
  return mount;
}

TEST(StorageKind, FollowsFromTheFileSystem) {
  EXPECT_EQ(storage_kind_of(mount_of_type("ext4", "/dev/vda1", "vda")), StorageKind::local_disk);
  EXPECT_EQ(storage_kind_of(mount_of_type("zfs", "tank/models")), StorageKind::local_disk);
  EXPECT_EQ(storage_kind_of(mount_of_type("nfs4")), StorageKind::network_mount);
  EXPECT_EQ(storage_kind_of(mount_of_type("fuse.sshfs")), StorageKind::network_mount);
  EXPECT_EQ(storage_kind_of(mount_of_type("tmpfs", "tmpfs")), StorageKind::memory);
}

TEST(StorageKind, OfAFuseFileSystemThatIsNotKnownIsNotGuessed) {
  EXPECT_EQ(storage_kind_of(mount_of_type("fuse.something")), StorageKind::unknown);
  EXPECT_EQ(storage_kind_of(mount_of_type("fuse")), StorageKind::unknown);
}

TEST(StorageKind, HasOneWordEach) {
  for (const StorageKind kind :
       {StorageKind::local_disk, StorageKind::memory, StorageKind::network_mount, StorageKind::object_store,
        StorageKind::network, StorageKind::staged, StorageKind::synthetic}) {
    EXPECT_EQ(storage_kind_from(to_string(kind)), kind);
  }
  EXPECT_EQ(storage_kind_from("a tape"), StorageKind::unknown);
}

TEST(MountsOfMachine, HoldTheDiskOfTheRootOnce) {
  const auto root = mount_of("/");
  ASSERT_TRUE(root);
  const auto mounts = mounts_of_machine();
  const auto is_root = [&](const Mount& mount) { return mount.source == root->source; };
  const bool on_device = root->source.starts_with("/dev/");
  EXPECT_EQ(std::ranges::count_if(mounts, is_root), on_device ? 1 : 0);
  for (const Mount& mount : mounts) EXPECT_NE(storage_kind_of(mount), StorageKind::memory) << mount.path;
}

}  // namespace
}  // namespace coldload
