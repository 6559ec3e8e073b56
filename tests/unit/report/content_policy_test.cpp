#include "core/report/content_policy.hpp"

#include <gtest/gtest.h>

namespace coldload {
namespace {

// RFC 4648, section 10.
TEST(Base64, IsThatOfTheStandardsVectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(ContentPolicy, AllowsOneSheetAndNothingElse) {
  EXPECT_EQ(content_policy(""),
            "default-src 'none'; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "
            "base-uri 'none'; form-action 'none'");
}

}  // namespace
}  // namespace coldload
