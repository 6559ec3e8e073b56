#include "core/plugin/trust.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support.hpp"
#include "tests/unit/model/temporary_directory.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr uid_t kSomebody = 12345;

// <folder>/plugins/a.so beside the program <folder>/bin/coldload, all of it this user's, writable by no
// other.
class TrustTest : public testing::Test {
 protected:
  TrustTest() {
    fs::create_directories(program_.parent_path());
    fs::create_directories(plugin_.parent_path());
    for (const fs::path& file : {program_, plugin_}) std::ofstream(file) << "x";
    for (const fs::path& entry : {folder_.path(), plugin_.parent_path(), plugin_}) allow(entry, 0755);
  }

  static void allow(const fs::path& entry, mode_t mode) {
    ASSERT_EQ(::chmod(entry.c_str(), mode), 0) << entry;
  }
  static void give(const fs::path& entry, uid_t user) {
    ASSERT_EQ(::chown(entry.c_str(), user, static_cast<gid_t>(user)), 0) << entry << ": this test needs root";
  }
  [[nodiscard]] std::string objection() const {
    return Trust(::geteuid(), program_).objection(fs::canonical(plugin_));
  }

  TemporaryDirectory folder_;
  fs::path program_ = fs::canonical(folder_.path()) / "bin/coldload";
  fs::path plugin_ = fs::canonical(folder_.path()) / "plugins/a.so";
};

TEST_F(TrustTest, ObjectsToNothingThatOnlyThisUserMayWrite) {
  EXPECT_EQ(objection(), "");
}

TEST_F(TrustTest, ObjectsToAFileThatAllMayWrite_AndSaysHowToMendIt) {
  allow(plugin_, 0757);
  EXPECT_THAT(objection(), StartsWith(plugin_.string() + " may be written by others (mode 0757, "));
  EXPECT_THAT(
      objection(),
      testing::EndsWith("): as root, only plugins that nobody else can replace are opened; chmod go-w " +
                        plugin_.string()));
}

TEST_F(TrustTest, ObjectsToADirectoryThatAllMayWrite_UnlessItIsSticky) {
  allow(plugin_.parent_path(), 0777);
  EXPECT_THAT(objection(),
              StartsWith(plugin_.parent_path().string() + " may be written by others (mode 0777, "));
  allow(plugin_.parent_path(), 01777);
  EXPECT_EQ(objection(), "");
}

TEST_F(TrustTest, DoesNotJudgeWhatAlsoLiesAboveTheProgram) {
  allow(folder_.path(), 0777);
  EXPECT_EQ(objection(), "") << "whoever may write there can replace the program too";
  EXPECT_THAT(Trust(::geteuid(), "/usr/bin/env").objection(plugin_),
              StartsWith(fs::canonical(folder_.path()).string() + " may be written by others"));
}

TEST_F(TrustTest, ObjectsToAFileOrDirectoryOfAnotherUser) {
  give(plugin_, kSomebody);
  EXPECT_EQ(objection(),
            plugin_.string() +
                " belongs to 12345:12345: as root, only plugins that nobody else can replace are opened; "
                "chown root:root " +
                plugin_.string());
  give(plugin_, 0);
  give(plugin_.parent_path(), kSomebody);
  EXPECT_THAT(objection(), StartsWith(plugin_.parent_path().string() + " belongs to 12345:12345: "));
}

TEST_F(TrustTest, TrustsWhoeverOwnsTheProgram) {
  give(plugin_, kSomebody);
  give(program_, kSomebody);
  EXPECT_EQ(objection(), "");
}

TEST_F(TrustTest, TakesAGroupForAnotherUnlessItIsRootsOrItsOwnersAlone) {
  allow(plugin_, 0775);
  EXPECT_EQ(objection(), "") << "of root's group";
  ASSERT_EQ(::chown(plugin_.c_str(), 0, static_cast<gid_t>(kSomebody)), 0);
  EXPECT_THAT(objection(), HasSubstr("a.so may be written by others (mode 0775, root:12345)"));
}

TEST_F(TrustTest, SaysWhyAFileCannotBeJudged) {
  EXPECT_EQ(Trust(::geteuid(), program_).objection("/nonexistent/a.so"),
            "cannot be judged: /nonexistent/a.so: No such file or directory");
}

TEST(Registry, DoesNotOpenAFileThatSomebodyElseCanReplace) {
  const TemporaryDirectory folder;
  const fs::path file = fs::canonical(folder.path()) / "crash.so";
  fs::copy_file(test_plugin("load_segfault"), file);
  ASSERT_EQ(::chmod(file.c_str(), 0777), 0);
  SearchPath path;
  path.files_or_directories = {file};
  path.trust = Trust(::geteuid(), "/usr/bin/env");
  const Registry registry = Registry::scan(path);
  EXPECT_THAT(refusal_of(registry, file), StartsWith(file.string() + " may be written by others"))
      << "and not that it crashed";
}

TEST(SearchPath, TrustsOnlyWhatNobodyElseCanReplace_WhereRootSearches) {
  const auto path = default_search_path({});
  ASSERT_TRUE(path);
  EXPECT_EQ(path->trust.has_value(), ::geteuid() == 0);
}

}  // namespace
}  // namespace coldload
