#include "core/base/sha256.hpp"

#include <gtest/gtest.h>

#include "tests/unit/model/temporary_directory.hpp"

namespace coldload {
namespace {

// The examples of FIPS 180-4's companion, and the lengths around a block where padding changes.
TEST(Sha256, GivesTheStandardsDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PadsRightAroundABlock) {
  EXPECT_EQ(sha256_hex(std::string(55, 'a')),
            "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  EXPECT_EQ(sha256_hex(std::string(56, 'a')),
            "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
  EXPECT_EQ(sha256_hex(std::string(63, 'a')),
            "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
  EXPECT_EQ(sha256_hex(std::string(64, 'a')),
            "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
  EXPECT_EQ(sha256_hex(std::string(65, 'a')),
            "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0");
}

TEST(Sha256, OfAFileIsThatOfItsContent) {
  const TemporaryDirectory directory;
  directory.write("plugin.so", "abc");
  const auto digest = sha256_of_file(directory.path() / "plugin.so");
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(*digest, sha256_hex("abc"));
}

TEST(Sha256, OfAFileDoesNotDependOnHowItIsRead) {
  const TemporaryDirectory directory;
  std::string content;
  for (size_t i = 0; content.size() < (3U << 20U) + 17; ++i) content += std::to_string(i);
  directory.write("large", content);
  const auto digest = sha256_of_file(directory.path() / "large");
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(*digest, sha256_hex(content));
}

TEST(Sha256, OfADirectoryIsRefused) {
  const TemporaryDirectory directory;
  const auto digest = sha256_of_file(directory.path());
  ASSERT_FALSE(digest);
  EXPECT_TRUE(digest.error().message.ends_with(": is no regular file")) << digest.error().message;
}

TEST(Sha256, OfAMissingFileNamesIt) {
  const auto digest = sha256_of_file("/nowhere/plugin.so");
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().status, Status::not_found);
  EXPECT_NE(digest.error().message.find("/nowhere/plugin.so"), std::string::npos) << digest.error().message;
}

}  // namespace
}  // namespace coldload
