#include "core/run/file_identity.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "core/base/file.hpp"

namespace coldload {
namespace {

TEST(FileIdentity, StaysThroughReadingAndSeesWhatIsChanged) {
  std::string pattern = std::string(COLDLOAD_BINARY_DIR) + "/identity-XXXXXX";
  const Descriptor file(::mkstemp(pattern.data()));
  ASSERT_TRUE(file.valid());
  const auto before = identity_of(file.get());
  ASSERT_TRUE(before);
  char byte = 0;
  EXPECT_EQ(::pread(file.get(), &byte, 1, 0), 0);
  EXPECT_EQ(what_changed(*before, *identity_of(file.get())), "");
  const timespec times[2] = {{0, UTIME_OMIT}, {7, 8}};
  ASSERT_EQ(::futimens(file.get(), times), 0);
  const auto set_back = identity_of(file.get());
  EXPECT_EQ(set_back->modified_ns, 7'000'000'008);
  EXPECT_EQ(what_changed(*before, *set_back), "was written to");
  ASSERT_EQ(::unlink(pattern.c_str()), 0);
}

TEST(FileIdentity, TellsWhatBecameOfAFile) {
  const FileIdentity before{"8:1", 12, 100, 200};
  EXPECT_EQ(what_changed(before, before), "");
  EXPECT_EQ(what_changed(before, {"8:2", 12, 100, 200}), "was replaced");
  EXPECT_EQ(what_changed(before, {"8:1", 13, 100, 200}), "was replaced");
  EXPECT_EQ(what_changed(before, {"8:1", 12, 101, 201}), "was written to");
  EXPECT_EQ(what_changed(before, {"8:1", 12, 100, 201}), "was changed (its ctime moved, its mtime did not)");
}

TEST(FileIdentity, OfWhatIsNoDescriptorIsAbsent) {
  EXPECT_EQ(identity_of(-1), std::nullopt);
}

}  // namespace
}  // namespace coldload
