#include "coldload/cpp/redaction.hpp"

#include <gtest/gtest.h>

namespace coldload::sdk {
namespace {

TEST(Redaction, HidesAllBeforeTheLastAt) {
  EXPECT_EQ(without_secrets("http://me:hidden@proxy:3128/x"), "http://***@proxy:3128/x");
  EXPECT_EQ(without_secrets("http://u:SEC/RET@127.0.0.1:1"), "http://***@127.0.0.1:1");
  EXPECT_EQ(without_secrets("http://u:SEC@R/E?T#@h"), "http://***@h");
  EXPECT_EQ(without_secrets("http://u:x://SECRET@h"), "http://***@h");
  EXPECT_EQ(without_secrets("s3://TOKEN@bucket/q"), "s3://***@bucket/q");
  EXPECT_EQ(without_secrets("me:hid@den@proxy"), "***@proxy");
}

TEST(Redaction, HidesAQuery) {
  EXPECT_EQ(without_secrets("http://h/x?token=SECRET"), "http://h/x?***");
  EXPECT_EQ(without_secrets("http://u:p@h?a=SECRET&b=SECRET"), "http://***@h?***");
}

TEST(Redaction, LeavesTheRestAsItIs) {
  for (const char* plain :
       {"", "http://proxy:3128", "s3://bucket/prefix", "proxy:3128", "://", "10.0.0.0/8,.lan"}) {
    EXPECT_EQ(without_secrets(plain), plain);
  }
}

TEST(Redaction, SeesAPasswordWhereAHostIsNamed) {
  for (const char* secret :
       {"http://u:SECRET@h", "s3://AKIA:SEC/RET@bk/q", "nfs://u:SECRET@host/x", "u:p@h", "http://:SECRET@h",
        "http://u:1234@h", "http://u:123456/7@h", "http://[x:SECRET@h"}) {
    EXPECT_TRUE(has_password(secret)) << secret;
  }
}

TEST(Redaction, TakesNoPortAndNoPathForAPassword) {
  for (const char* plain :
       {"http://h:9000/models@v2", "s3://bucket/models@v2", "s3://bucket/a:b@c", "nfs://u@host/x",
        "http://[::1]:9000/a@b", "http://[fe80::1]/a@b", "http://h:9000", "h:80", ""}) {
    EXPECT_FALSE(has_password(plain)) << plain;
  }
}

}  // namespace
}  // namespace coldload::sdk
