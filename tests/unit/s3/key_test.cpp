#include "plugins/s3/key.hpp"

#include <gtest/gtest.h>

namespace coldload::s3 {
namespace {

TEST(ListedKey, IsAPathWithoutEmptyOrDottedParts) {
  for (const char* key : {"a", "a/b", "model/äöü 漢字.safetensors", "..a/b..", "a\nb"}) {
    EXPECT_EQ(fault_of_listed_key(key), "") << key;
  }
  for (const char* key : {"", "/a", "a//b", "a/b/"}) {
    EXPECT_EQ(fault_of_listed_key(key), "has an empty part between slashes") << key;
  }
  for (const char* key : {".", "..", "../a", "a/./b", "a/.."}) {
    EXPECT_EQ(fault_of_listed_key(key), "has a part \".\" or \"..\"") << key;
  }
}

TEST(ListedKey, IsUtf8) {
  for (const char* key : {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x28\xa1"}) {
    EXPECT_EQ(fault_of_listed_key(key), "is no UTF-8") << key;
  }
}

TEST(ListedKey, IsQuotedWithoutWhatATerminalActsUpon) {
  EXPECT_EQ(quoted_key("a\x1b[31m\n\"\\b\x7f"), R"("a\x1b[31m\x0a\"\\b\x7f")");
  EXPECT_EQ(quoted_key("ä"), "\"ä\"");
  EXPECT_EQ(quoted_key("\xff\xc3\xa4"), R"("\xff\xc3\xa4")");
  EXPECT_EQ(quoted_key(std::string(200, 'k')), "\"" + std::string(200, 'k') + "\"");
  EXPECT_EQ(quoted_key(std::string(201, 'k')), "\"" + std::string(200, 'k') + "…\"");
}

}  // namespace
}  // namespace coldload::s3
