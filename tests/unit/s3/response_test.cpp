#include "plugins/s3/response.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "plugins/s3/explain.hpp"
#include "plugins/s3/retry.hpp"

namespace coldload::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Identity kOpened = {1000, "\"e\"", "Mon, 02 Nov 2026 10:00:00 GMT"};
const WantedRange kWanted = {100, 50};

ResponseHead partial(const std::string& range = "bytes 100-149/1000") {
  return {206, {{"content-range", range}, {"content-length", "50"}, {"etag", "\"e\""}}};
}

TEST(RangeResponse, ThatIsWhatWasAskedForIsTaken) {
  EXPECT_EQ(fault_of_range(partial(), kWanted, kOpened), "");
  ResponseHead chunked = partial();
  chunked.headers.erase("content-length");
  chunked.headers.erase("etag");
  EXPECT_EQ(fault_of_range(chunked, kWanted, kOpened), "");
}

TEST(RangeResponse, OfAnObjectThatWasModifiedSinceIsRefused_WhereNoETagTells) {
  const Identity opened = {1000, "", "Mon, 02 Nov 2026 10:00:00 GMT"};
  ResponseHead head = partial();
  head.headers["last-modified"] = "Mon, 02 Nov 2026 10:00:01 GMT";
  EXPECT_EQ(fault_of_range(head, kWanted, kOpened), "") << "its ETag is the same";
  EXPECT_THAT(fault_of_range(head, kWanted, opened),
              HasSubstr("the object was replaced: it was last modified"));
  head.headers["last-modified"] = opened.last_modified;
  EXPECT_EQ(fault_of_range(head, kWanted, opened), "");
}

TEST(RangeResponse, WithAnotherStatusIsRefused) {
  EXPECT_THAT(fault_of_range({200, {}}, kWanted, kOpened), HasSubstr("ignores Range"));
  EXPECT_EQ(fault_of_range({204, {}}, kWanted, kOpened), "status 204, expected 206");
}

TEST(RangeResponse, WithAnotherRangeIsRefused) {
  for (const char* range : {"bytes 100-150/1000", "bytes 99-149/1000", "bytes 0-49/1000"}) {
    EXPECT_THAT(fault_of_range(partial(range), kWanted, kOpened), HasSubstr("came instead")) << range;
  }
  EXPECT_THAT(fault_of_range(partial("bytes 100-149/1001"), kWanted, kOpened),
              HasSubstr("has 1001 bytes now and had 1000"));
}

TEST(RangeResponse, WithSomethingThatIsNoRangeIsRefused) {
  for (const char* range :
       {"", "bytes 100-149/*", "bytes 149-100/1000", "bytes=100-149/1000", "bytes 100-149/1000, x",
        "bytes 100-149/149", "bytes -1-149/1000", "bytes 99999999999999999999-1/2"}) {
    EXPECT_THAT(fault_of_range(partial(range), kWanted, kOpened), HasSubstr("which is none")) << range;
  }
}

TEST(RangeResponse, OfAnotherObjectOrLengthIsRefused) {
  ResponseHead head = partial();
  head.headers["etag"] = "\"f\"";
  EXPECT_THAT(fault_of_range(head, kWanted, kOpened), HasSubstr("the object was replaced"));
  head = partial();
  head.headers["content-length"] = "49";
  EXPECT_THAT(fault_of_range(head, kWanted, kOpened), HasSubstr("Content-Length \"49\" for 50 bytes"));
  head.headers["content-length"] = "50, 51";
  EXPECT_THAT(fault_of_range(head, kWanted, kOpened), HasSubstr("Content-Length"));
}

TEST(HeadResponse, NeedsALength) {
  EXPECT_EQ(identity_of({200, {{"content-length", "7"}, {"etag", "x"}}})->size_bytes, 7u);
  EXPECT_FALSE(identity_of({200, {}}));
  EXPECT_FALSE(identity_of({200, {{"content-length", "7x"}}}));
}

TEST(Retry, IsForWhatPassesByItself) {
  for (const int status : {429, 500, 502, 503, 504})
    EXPECT_TRUE(passing_fault(Transport::ok, status)) << status;
  for (const int status : {200, 206, 301, 307, 400, 403, 404, 412, 416, 501}) {
    EXPECT_FALSE(passing_fault(Transport::ok, status)) << status;
  }
  for (const Transport transport : {Transport::reset, Transport::stalled, Transport::connect}) {
    EXPECT_TRUE(passing_fault(transport, 0));
  }
  for (const Transport transport : {Transport::refused, Transport::dns, Transport::tls, Transport::proxy}) {
    EXPECT_FALSE(passing_fault(transport, 503));
  }
}

TEST(Retry, WaitsAnywhereUpToADoublingBound) {
  EXPECT_EQ(Backoff::delay_ms_max(1), 100u);
  EXPECT_EQ(Backoff::delay_ms_max(2), 200u);
  EXPECT_EQ(Backoff::delay_ms_max(7), 5000u);
  EXPECT_EQ(Backoff::delay_ms_max(4'000'000'000), 5000u);
  Backoff backoff(1);
  std::set<uint64_t> seen;
  for (int i = 0; i < 200; ++i) {
    const uint64_t delay = backoff.delay_ms(3);
    EXPECT_LE(delay, 400u);
    seen.insert(delay / 100);
  }
  EXPECT_GE(seen.size(), 4u) << "spread over the whole range";
}

TEST(Retry, CountsByKind) {
  FaultCounts counts;
  counts.add("503");
  EXPECT_EQ(counts.text(), "1 retry (1x 503)");
  counts.add("reset");
  counts.add("503");
  EXPECT_EQ(counts.text(), "3 retries (2x 503, 1x reset)");
}

class Explained : public ::testing::Test {
 protected:
  Explained() {
    Asked asked;
    asked.url = "s3://models";
    config_ = settle(asked, {}, [](const char*) { return std::string(); });
    outcome_.subject = "s3://models/a";
    outcome_.now = 784111777;
    outcome_.head.headers["date"] = "Sun, 06 Nov 1994 08:49:37 GMT";
  }
  std::string text(int status, const std::string& code = "") {
    outcome_.head.status = status;
    outcome_.body = "<Error><Code>" + code + "</Code><Message>hidden</Message></Error>";
    const sdk::Failure failure = explain(outcome_, config_, "environment");
    status_ = failure.status();
    EXPECT_THAT(failure.what(), Not(HasSubstr("hidden")));
    EXPECT_THAT(failure.what(),
                HasSubstr("https://s3.us-east-1.amazonaws.com, region us-east-1, bucket models"));
    return failure.what();
  }
  Config config_;
  Outcome outcome_;
  coldload_status status_ = COLDLOAD_OK;
};

TEST_F(Explained, A403NamesItsCause) {
  EXPECT_THAT(text(403, "SignatureDoesNotMatch"), HasSubstr("the secret key is not that of the access key"));
  EXPECT_EQ(status_, COLDLOAD_PERMISSION_DENIED);
  EXPECT_THAT(text(403, "InvalidAccessKeyId"), HasSubstr("check AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(text(403, "AccessDenied"), HasSubstr("s3:GetObject"));
  EXPECT_THAT(text(403, "ExpiredToken"), HasSubstr("export credentials again"));
  outcome_.now += 301;
  EXPECT_THAT(text(403, "SignatureDoesNotMatch"), HasSubstr("clock is 301 s ahead of the server's"));
  outcome_.now -= 602;
  EXPECT_THAT(text(403), HasSubstr("clock is 301 s behind the server's"));
}

TEST_F(Explained, AnotherRegionIsNamed) {
  outcome_.head.headers["x-amz-bucket-region"] = "eu-west-1";
  EXPECT_THAT(text(301, "PermanentRedirect"), HasSubstr("set region = \"eu-west-1\""));
  EXPECT_THAT(text(400, "AuthorizationHeaderMalformed"), HasSubstr("set region = \"eu-west-1\""));
  outcome_.head.headers["x-amz-bucket-region"] = "<hidden>";
  EXPECT_THAT(text(301), HasSubstr("check region and endpoint"));
}

TEST_F(Explained, WhatIsMissingIsNotFound) {
  EXPECT_THAT(text(404, "NoSuchBucket"), HasSubstr("check the bucket in url"));
  EXPECT_EQ(status_, COLDLOAD_NOT_FOUND);
  EXPECT_THAT(text(404), HasSubstr("check url and [model] path"));
  (void)text(412);
  EXPECT_EQ(status_, COLDLOAD_INTEGRITY);
}

TEST_F(Explained, TriesAndTimeStandInTheMessage) {
  outcome_.tries = 5;
  outcome_.elapsed_ms = 4123;
  EXPECT_THAT(text(503), HasSubstr("503 after 5 tries in 4.1 s"));
}

TEST_F(Explained, ATransportsFaultSaysWhatToSet) {
  outcome_.transport = Transport::dns;
  EXPECT_THAT(text(0), HasSubstr("check endpoint and region"));
  outcome_.transport = Transport::tls;
  EXPECT_THAT(text(0), HasSubstr("set ca_file or AWS_CA_BUNDLE"));
  outcome_.transport = Transport::stalled;
  EXPECT_THAT(text(0), HasSubstr("stall_timeout"));
  EXPECT_EQ(status_, COLDLOAD_TIMED_OUT);
}

TEST_F(Explained, AProxyThatIsNotThereIsNotTheServer) {
  outcome_.transport = Transport::connect;
  outcome_.problem = "Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server";
  EXPECT_THAT(text(0), HasSubstr("no connection (https://"));
  config_.transport.proxy = "http://u:hidden@127.0.0.1:1";
  config_.proxy_source = "https_proxy";
  const std::string told = text(0);
  EXPECT_THAT(told, HasSubstr("no connection to the proxy http://***@127.0.0.1:1 (from https_proxy)"));
  EXPECT_THAT(told, HasSubstr("proxy = \"none\""));
  EXPECT_THAT(told, Not(HasSubstr("is the server up")));
}

TEST_F(Explained, AServerThatNoProxyNamesIsTheOneThatIsNotThere) {
  outcome_.transport = Transport::connect;
  config_.transport.proxy = "http://127.0.0.1:1";
  config_.transport.no_proxy = ".amazonaws.com";
  outcome_.problem = "Failed to connect to models.s3.us-east-1.amazonaws.com port 443 after 0 ms: refused";
  EXPECT_THAT(text(0), HasSubstr("is the server up"));
  outcome_.problem = "Failed to connect to 127.0.0.1 port 1 after 0 ms: refused";
  EXPECT_THAT(text(0), HasSubstr("no connection to the proxy"));
}

}  // namespace
}  // namespace coldload::s3
