#include "plugins/staged/place.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "coldload/cpp/failure.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::staged {
namespace {

using ::testing::HasSubstr;
using testing::Scratch;
using ::testing::UnorderedElementsAre;

constexpr const char* kDigest = "0123456789abcdef0123456789abcdef";

Manifest planned() {
  Manifest manifest;
  manifest.files = {{"a", 3, "-", "-"}, {"sub/b", 3, "-", "v-1"}};
  return manifest;
}

Manifest complete() {
  Manifest manifest = planned();
  manifest.complete = true;
  for (ManifestFile& file : manifest.files) file.digest = kDigest;
  return manifest;
}

class StagedPlace : public ::testing::Test {
 protected:
  StagedPlace() : root_(::open(scratch_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  [[nodiscard]] Place place() const { return {root_.get(), scratch_.path(), "models/x"}; }
  [[nodiscard]] std::filesystem::path path(const std::string& below) const {
    return scratch_.path() + "/" + below;
  }

  void write(const std::string& below, const std::string& text) const {
    std::filesystem::create_directories(path(below).parent_path());
    std::ofstream(path(below)) << text;
  }
  [[nodiscard]] std::string read(const std::string& below) const {
    std::ifstream file(path(below));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void make(const std::string& text) const {
    Staging staging = place().begin(planned());
    for (const ManifestFile& file : planned().files) write_file(staging.directory(), file.name, text);
    staging.commit(complete());
  }
  // Names below the directory that holds the copy.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path("models"))) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  static std::string refusal(const std::function<void()>& body) {
    try {
      body();
    } catch (const sdk::Failure& failure) {
      EXPECT_EQ(failure.status(), COLDLOAD_UNSUPPORTED) << failure.what();
      return failure.what();
    }
    return "";
  }

  Scratch scratch_;
  Descriptor root_;
};

TEST_F(StagedPlace, ACopyIsNotSeenBeforeItIsCommitted_ThenWhole) {
  EXPECT_FALSE(place().existing());
  {
    Staging staging = place().begin(planned());
    for (const ManifestFile& file : planned().files) write_file(staging.directory(), file.name, "one");
    EXPECT_FALSE(place().existing());
    EXPECT_FALSE(std::filesystem::exists(path("models/x")));
    staging.commit(complete());
  }
  EXPECT_THAT(names(), UnorderedElementsAre("x"));
  ASSERT_TRUE(place().existing());
  EXPECT_TRUE(place().existing()->complete);
  EXPECT_TRUE(place().holds(complete()));
  EXPECT_EQ(read("models/x/sub/b"), "one");
}

TEST_F(StagedPlace, AnOlderCopyIsExchangedAndGone) {
  make("one");
  make("two");
  EXPECT_THAT(names(), UnorderedElementsAre("x"));
  EXPECT_EQ(read("models/x/a"), "two");
}

TEST_F(StagedPlace, WhatIsNotCommittedLeavesNothing) {
  {
    const Staging staging = place().begin(planned());
  }
  EXPECT_TRUE(names().empty());
  make("one");
  {
    const Staging staging = place().begin(planned());
    write_file(staging.directory(), "sub/b", "two");
  }
  EXPECT_THAT(names(), UnorderedElementsAre("x"));
  EXPECT_EQ(read("models/x/a"), "one");
}

TEST_F(StagedPlace, ForeignFilesAreNeverTouched) {
  const std::pair<const char*, std::function<void()>> hosts[] = {
      {"holds \"theirs\"", [&] { write("models/x/theirs", "precious"); }},
      {"holds \"sub/theirs\"",
       [&] {
         make("one");
         write("models/x/sub/theirs", "precious");
       }},
      {"an empty directory that is no copy", [&] { std::filesystem::create_directories(path("models/x")); }},
      {"not a directory", [&] { write("models/x", "precious"); }},
      {"not a directory",
       [&] {
         write("elsewhere/theirs", "precious");
         std::filesystem::create_directories(path("models"));
         std::filesystem::create_symlink(path("elsewhere"), path("models/x"));
       }},
      {"holds \"a\"",
       [&] {
         make("one");
         std::filesystem::remove(path("models/x/a"));
         std::filesystem::create_symlink("/etc/passwd", path("models/x/a"));
       }},
  };
  for (const auto& [fault, prepare] : hosts) {
    std::filesystem::remove_all(path("models"));
    prepare();
    EXPECT_THAT(refusal([&] { (void)place().existing(); }), HasSubstr(fault));
    EXPECT_THAT(refusal([&] { (void)place().begin(planned()); }), HasSubstr(fault));
    EXPECT_THAT(refusal([&] { place().remove(""); }), HasSubstr(fault));
    EXPECT_THAT(names(), UnorderedElementsAre("x")) << fault;
  }
}

TEST_F(StagedPlace, AParentThatIsALinkIsNotFollowed) {
  std::filesystem::create_directories(path("elsewhere"));
  // Also where it leads to a place below the root.
  for (const std::string& target : {path("elsewhere").string(), std::string("elsewhere")}) {
    std::filesystem::create_symlink(target, path("models"));
    EXPECT_THAT(refusal([&] { (void)place().begin(planned()); }), HasSubstr("leads through a link"))
        << target;
    EXPECT_TRUE(std::filesystem::is_empty(path("elsewhere")));
    std::filesystem::remove(path("models"));
  }
}

// As kill -9 leaves it: the lock goes with the process.
TEST_F(StagedPlace, SweepingTakesWhatIsLeftOver_AndOnlyThat) {
  const std::string word(32, '0');
  const std::string left = "models/.x." + word + ".partial";
  write(left + "/.coldload-manifest", to_text(planned()));
  write(left + "/sub/b", "half");
  std::filesystem::create_directories(
      path("models/.x." + std::string(32, '1') + ".partial"));  // died at once
  const std::string foreign = "models/.x." + std::string(32, '2') + ".partial";
  write(foreign + "/theirs", "precious");
  write("models/.y." + word + ".partial/.coldload-manifest", to_text(planned()));  // of another copy
  write("models/.x.backup/theirs", "precious");
  Staging alive = place().begin(planned());
  EXPECT_EQ(place().sweep(), 2U);
  EXPECT_EQ(names().size(), 4U);
  EXPECT_EQ(read(foreign + "/theirs"), "precious");
  EXPECT_EQ(read("models/.x.backup/theirs"), "precious");
  for (const ManifestFile& file : planned().files) write_file(alive.directory(), file.name, "one");
  alive.commit(complete());
  EXPECT_EQ(read("models/x/a"), "one");
}

TEST_F(StagedPlace, ALeftOverThatHoldsForeignFilesKeepsThem) {
  const std::string left = "models/.x." + std::string(32, '0') + ".partial";
  write(left + "/.coldload-manifest", to_text(planned()));
  write(left + "/theirs", "precious");
  write(left + "/a", "one");
  EXPECT_EQ(place().sweep(), 0U);
  EXPECT_EQ(read(left + "/theirs"), "precious");
  EXPECT_EQ(read(left + "/a"), "one");
}

TEST_F(StagedPlace, AFileThatCameIntoTheOlderCopyMeanwhileStaysWhereItIs) {
  make("one");
  {
    Staging staging = place().begin(planned());
    for (const ManifestFile& file : planned().files) write_file(staging.directory(), file.name, "two");
    write("models/x/theirs", "precious");
    EXPECT_THAT(refusal([&] { staging.commit(complete()); }), HasSubstr("holds \"theirs\""));
  }
  EXPECT_THAT(names(), UnorderedElementsAre("x"));
  EXPECT_EQ(read("models/x/theirs"), "precious");
  EXPECT_EQ(read("models/x/a"), "one");
}

TEST_F(StagedPlace, OfTwoCopiesThatReplaceAnOlderOneTheLastStays) {
  make("one");
  Staging first = place().begin(planned());
  Staging last = place().begin(planned());
  for (const ManifestFile& file : planned().files) {
    write_file(first.directory(), file.name, "two");
    write_file(last.directory(), file.name, "three");
  }
  first.commit(complete());
  EXPECT_EQ(read("models/x/a"), "two");
  last.commit(complete());
  EXPECT_THAT(names(), UnorderedElementsAre("x"));
  EXPECT_EQ(read("models/x/a"), "three");
}

TEST_F(StagedPlace, ACopyThatSomebodyChangedIsNoLongerOursToReplaceOrRemove) {
  make("one");
  write("models/x/sub/b", "mine");
  const auto made = std::filesystem::last_write_time(path("models/x/.coldload-manifest"));
  std::filesystem::last_write_time(path("models/x/sub/b"), made + std::chrono::milliseconds(1));
  const std::string what = "\"sub/b\" was changed after the copy was made";
  EXPECT_THAT(refusal([&] { (void)place().existing(); }), HasSubstr(what));
  EXPECT_THAT(refusal([&] { (void)place().begin(planned()); }), HasSubstr(what));
  EXPECT_THAT(refusal([&] { place().remove(""); }), HasSubstr(what));
  EXPECT_EQ(read("models/x/sub/b"), "mine");
}

TEST_F(StagedPlace, RemovingTakesTheCopyAndTheEmptyDirectoriesAboveIt) {
  make("one");
  write("kept", "theirs");
  place().remove("");
  EXPECT_FALSE(std::filesystem::exists(path("models")));
  EXPECT_EQ(read("kept"), "theirs");
  make("one");
  place().remove("models");
  EXPECT_TRUE(std::filesystem::is_empty(path("models")));
}

TEST_F(StagedPlace, ACopyWithAFileMissingOrShortIsNotWhole) {
  make("one");
  const auto made = std::filesystem::last_write_time(path("models/x/a"));
  std::filesystem::resize_file(path("models/x/a"), 2);
  std::filesystem::last_write_time(path("models/x/a"), made);
  EXPECT_FALSE(place().holds(complete()));
  make("one");
  std::filesystem::remove(path("models/x/sub/b"));
  EXPECT_FALSE(place().holds(complete()));
}

TEST_F(StagedPlace, APlaceOutsideTheRootIsNone) {
  for (const char* below : {"..", "../x", "/x", "a/../../x", ""}) {
    try {
      const Place outside(root_.get(), scratch_.path(), below);
      ADD_FAILURE() << below;
    } catch (const sdk::Failure& failure) {
      EXPECT_EQ(failure.status(), COLDLOAD_INVALID_OPTION);
    }
  }
}

}  // namespace
}  // namespace coldload::staged
