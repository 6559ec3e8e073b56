#include "plugins/staged/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "coldload/cpp/failure.hpp"

namespace coldload::staged {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDigest = "0123456789abcdef0123456789abcdef";

std::string refusal(const std::string& text) {
  try {
    (void)parse_manifest(text, "/m/.coldload-manifest");
  } catch (const sdk::Failure& failure) {
    EXPECT_EQ(failure.status(), COLDLOAD_INTEGRITY);
    return failure.what();
  }
  return "";
}

TEST(StagedManifest, IsReadAsItWasWritten) {
  Manifest manifest;
  manifest.complete = true;
  manifest.made_by = "stage";
  manifest.files = {{"a b/c.safetensors", 1'234'567'890'123, kDigest, "\"e-5\""}, {"empty", 0, kDigest, "-"}};
  const std::string text = to_text(manifest);
  EXPECT_EQ(text, std::string("coldload-manifest 1\nmade-by stage\nfile ") + kDigest +
                      " 1234567890123 a b/c.safetensors\nversion \"e-5\"\nfile " + kDigest +
                      " 0 empty\ncomplete 2\n");
  const Manifest read = parse_manifest(text, "x");
  EXPECT_TRUE(read.complete);
  ASSERT_EQ(read.files.size(), 2U);
  EXPECT_EQ(read.files[0].name, "a b/c.safetensors");
  EXPECT_EQ(read.files[0].size_bytes, 1'234'567'890'123U);
  EXPECT_EQ(read.files[0].digest, kDigest);
  EXPECT_EQ(read.files[0].version, "\"e-5\"");
  EXPECT_EQ(read.files[1].version, "-");
  EXPECT_EQ(read.made_by, "stage");
  EXPECT_EQ(read.total_bytes(), 1'234'567'890'123U);
}

TEST(StagedManifest, APartialOneHasNoDigestsYet) {
  const Manifest read = parse_manifest("coldload-manifest 1\nmade-by run\nfile - 5 a\npartial 1\n", "x");
  EXPECT_FALSE(read.complete);
}

TEST(StagedManifest, WithoutMakerAndVersionsItIsNobodysAndOfUnknownOnes) {
  const Manifest read = parse_manifest("coldload-manifest 1\nfile - 5 a b\npartial 1\n", "x");
  EXPECT_EQ(read.made_by, "");
  EXPECT_EQ(read.files.at(0).version, "-");
  EXPECT_EQ(read.files.at(0).name, "a b");
}

TEST(StagedManifest, AVersionIsOnePrintableWord) {
  EXPECT_EQ(version_word(nullptr), "-");
  EXPECT_EQ(version_word(""), "-");
  EXPECT_EQ(version_word("\"0f-5\""), "\"0f-5\"");
  EXPECT_EQ(version_word("Mon, 2\n%\xff"), "Mon,%202%0a%25%ff");
  EXPECT_LE(version_word(std::string(1000, ' ').c_str()).size(), 202U);
}

TEST(StagedManifest, IsOfASourceWhoseNamesSizesAndKnownVersionsAgree) {
  Manifest copy;
  copy.files = {{"a", 1, kDigest, "v1"}, {"b", 2, kDigest, "v1"}};
  Manifest source = copy;
  EXPECT_TRUE(is_of(copy, source));
  EXPECT_TRUE(tells_versions(copy, source));
  source.files[1].version = "v2";
  EXPECT_FALSE(is_of(copy, source));
  source.files[1].version = "-";
  EXPECT_TRUE(is_of(copy, source));
  EXPECT_FALSE(tells_versions(copy, source));
  source.files[1].size_bytes = 3;
  EXPECT_FALSE(is_of(copy, source));
  source.files.pop_back();
  EXPECT_FALSE(is_of(copy, source));
}

// Cut anywhere it is refused: a manifest that was not written whole names nothing.
TEST(StagedManifest, EveryTruncationIsRefused) {
  const std::string text =
      std::string("coldload-manifest 1\nmade-by run\nfile ") + kDigest + " 5 a\nversion v\ncomplete 1\n";
  for (size_t length = 0; length < text.size(); ++length)
    EXPECT_NE(refusal(text.substr(0, length)), "") << length;
  EXPECT_EQ(refusal(text), "");
}

TEST(StagedManifest, HostileLinesAreNamedWithTheirNumber) {
  const std::string head = "coldload-manifest 1\n";
  const std::string file = std::string("file ") + kDigest;
  const std::pair<std::string, const char*> hostile[] = {
      {"coldload-manifest 2\n", "/m/.coldload-manifest:1: expected \"coldload-manifest 1\""},
      {head + "made-by \ncomplete 0\n", ":2: expected \"made-by\""},
      {head + "made-by A\ncomplete 0\n", ":2: expected \"made-by\""},
      {head + file + " 5 a\nmade-by run\ncomplete 1\n", ":3: expected \"file\""},
      {head + "version v\ncomplete 0\n", ":2: a version of no file"},
      {head + file + " 5 a\nversion v\nversion w\ncomplete 1\n", ":4: a version of no file"},
      {head + file + " 5 a\nversion v w\ncomplete 1\n", ":3: expected a version"},
      {head + file + " 5 a\nversion \ncomplete 1\n", ":3: expected a version"},
      {head + "file xyz 5 a\ncomplete 1\n", ":2: expected a digest"},
      {head + file + " -5 a\ncomplete 1\n", ":2: expected a number"},
      {head + file + " 99999999999999999999 a\ncomplete 1\n", ":2: expected a number"},
      {head + file + " 5 ../a\ncomplete 1\n", ":2: the file's name has a part \"..\""},
      {head + file + " 5 /etc/passwd\ncomplete 1\n", ":2: the file's name is absolute"},
      {head + file + " 5 a\n" + file + " 5 a\ncomplete 2\n", ":3: \"a\" stands twice"},
      {head + file + " 5 a\ncomplete 2\n", ":3: expected the number of files, 1"},
      {head + "file - 5 a\ncomplete 1\n", "every digest"},
      {head + "complete 0\nmore\n", "something follows"},
      {head + "rm -rf\n", ":2: expected \"file\""},
  };
  for (const auto& [text, fault] : hostile) EXPECT_THAT(refusal(text), HasSubstr(fault)) << text;
}

}  // namespace
}  // namespace coldload::staged
