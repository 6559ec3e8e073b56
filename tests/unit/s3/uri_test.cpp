#include "plugins/s3/uri.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_failure.hpp"

namespace coldload::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Uri, EncodesEveryByteButTheUnreserved) {
  EXPECT_EQ(percent_encoded("aZ09-._~", Slash::encode), "aZ09-._~");
  EXPECT_EQ(percent_encoded("a b+c/ä", Slash::encode), "a%20b%2Bc%2F%C3%A4");
  EXPECT_EQ(percent_encoded("a/b", Slash::keep), "a/b");
}

TEST(Uri, DecodesWhatItEncoded) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decoded(percent_encoded(all, Slash::encode)), all);
  // A plus is a blank where a form was encoded, as servers do it.
  EXPECT_EQ(percent_decoded("a+b%2Bc"), "a b+c");
}

TEST(Uri, RefusesAPercentThatEncodesNothing) {
  for (const char* text : {"%", "%4", "a%zz", "%4g", "%%41"}) {
    EXPECT_THAT(failure_of([&] { (void)percent_decoded(text); }), HasSubstr("without two hexadecimal digits"))
        << text;
  }
}

TEST(Uri, TakesALocationApart) {
  EXPECT_EQ(parse_location("s3://models").bucket, "models");
  EXPECT_EQ(parse_location("s3://models/").prefix, "");
  EXPECT_EQ(parse_location("s3://models//a/b/").prefix, "a/b");
}

TEST(Uri, RefusesWhatIsNoLocation) {
  for (const char* url :
       {"", "models", "http://models", "s3://", "s3:///prefix", "s3://a b/c", "s3://..", "s3://a?b"}) {
    EXPECT_THAT(failure_of([&] { (void)parse_location(url); }), HasSubstr("s3://bucket/prefix")) << url;
  }
}

TEST(Uri, AHostHasItsPortUnlessItIsTheSchemesOwn) {
  EXPECT_EQ(target_of(parse_endpoint("e", "http://h:80"), Addressing::path, "b", "k").host, "h");
  EXPECT_EQ(target_of(parse_endpoint("e", "https://h:80"), Addressing::path, "b", "k").host, "h:80");
  EXPECT_EQ(target_of(parse_endpoint("e", "http://[::1]:9000"), Addressing::path, "b", "k").host,
            "[::1]:9000");
}

TEST(Uri, PutsTheBucketWhereItIsAddressed) {
  const Endpoint endpoint = parse_endpoint("e", "https://h/base/");
  EXPECT_EQ(target_of(endpoint, Addressing::path, "b", "a c").url, "https://h/base/b/a%20c");
  EXPECT_EQ(target_of(endpoint, Addressing::virtual_host, "b", "a/c").url, "https://b.h/base/a/c");
  EXPECT_EQ(target_of(aws_endpoint("cn-north-1"), Addressing::virtual_host, "b", "").url,
            "https://b.s3.cn-north-1.amazonaws.com.cn/");
}

TEST(Uri, RefusesWhatIsNoEndpoint) {
  for (const char* url : {"", "h:9000", "ftp://h", "http://", "http://h:0", "http://h:65536", "http://h:a",
                          "http://h?a", "http://h\nx"}) {
    EXPECT_THAT(failure_of([&] { (void)parse_endpoint("endpoint", url); }), HasSubstr("endpoint is")) << url;
  }
}

TEST(Uri, DoesNotRepeatAPasswordOfAnEndpoint) {
  for (const char* url : {"http://me:hidden@h", "http://AKIA:SECRET/hidden@h", "http://me:1/hidden@h"}) {
    const std::string message = failure_of([&] { (void)parse_endpoint("endpoint", url); });
    EXPECT_THAT(message, HasSubstr("endpoint is \"http://***@h\": expected no user and password")) << url;
    EXPECT_THAT(message, Not(HasSubstr("hidden")));
  }
}

TEST(Uri, DoesNotRepeatAQueryOfAnEndpoint) {
  for (const char* url : {"http://h/?x=hidden", "http://h?x=hidden"}) {
    EXPECT_THAT(failure_of([&] { (void)parse_endpoint("endpoint", url); }), Not(HasSubstr("hidden"))) << url;
  }
}

TEST(Uri, DoesNotRepeatThePasswordOfAUrlThatIsRefused) {
  for (const char* url : {"s3://AKIA:hidden@bk/q", "s3://AKIA:hid/den@bk/q", "http://AKIA:hidden@bk"}) {
    const std::string message = failure_of([&] { (void)parse_location(url); });
    EXPECT_THAT(message, HasSubstr("://***@bk"));
    EXPECT_THAT(message, Not(HasSubstr("hid")));
  }
}

TEST(Uri, ABucketWithADotFitsNoHostName) {
  EXPECT_TRUE(fits_host_name("models-1"));
  for (const char* bucket : {"a.b", "Models", "ab", "-ab", "a_b"})
    EXPECT_FALSE(fits_host_name(bucket)) << bucket;
}

}  // namespace
}  // namespace coldload::s3
