#include "plugins/s3/listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_failure.hpp"

namespace coldload::s3 {
namespace {

using ::testing::HasSubstr;

std::string contents(const std::string& key, const std::string& size) {
  return "<Contents><Key>" + key + "</Key><ETag>&quot;x&quot;</ETag><Size>" + size + "</Size></Contents>";
}

std::string page(const std::string& inner, const std::string& truncated = "false") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType><IsTruncated>" +
         truncated + "</IsTruncated>" + inner + "</ListBucketResult>";
}

ListPage parse(const std::string& xml, const std::string& prefix = "") {
  return parse_list_page("s3://m: listing", xml, prefix);
}

std::string refusal(const std::string& xml, const std::string& prefix = "") {
  return failure_of([&] { (void)parse(xml, prefix); });
}

TEST(Listing, ReadsKeysSizesAndTheNextPagesToken) {
  const ListPage read = parse(page("<KeyCount>2</KeyCount>" + contents("a%2Fb%0A", "0") +
                                       contents("c+d", "18446744073709551615") +
                                       "<NextContinuationToken>1/x==</NextContinuationToken>",
                                   "true"));
  ASSERT_EQ(read.keys.size(), 2u);
  EXPECT_EQ(read.keys[0].key, "a/b\n");
  EXPECT_EQ(read.keys[1].key, "c d");
  EXPECT_EQ(read.keys[1].size_bytes, 18446744073709551615u);
  EXPECT_EQ(read.next_token, "1/x==");
}

TEST(Listing, ReadsNamesWithAPrefix) {
  const std::string xml =
      "<s:ListBucketResult "
      "xmlns:s=\"x\"><s:EncodingType>url</s:EncodingType><s:IsTruncated>false</s:IsTruncated>"
      "<s:Contents><s:Key>k</s:Key><s:Size>1</s:Size></s:Contents></s:ListBucketResult>";
  EXPECT_EQ(parse(xml).keys.at(0).key, "k");
}

TEST(Listing, RefusesADoctype) {
  EXPECT_THAT(refusal("<!DOCTYPE x [<!ENTITY a \"b\">]>" + page(contents("k", "1"))), HasSubstr("DOCTYPE"));
}

TEST(Listing, RefusesDeepNesting) {
  std::string open;
  std::string close;
  for (int i = 0; i < 17; ++i) {
    open += "<a>";
    close += "</a>";
  }
  EXPECT_THAT(refusal(page(open + close)), HasSubstr("nested more than 16 deep"));
  EXPECT_EQ(parse(page("<a><b/><c></c></a>")).keys.size(), 0u);
}

TEST(Listing, AHundredThousandUnclosedTagsAreRefusedQuickly) {
  std::string bomb;
  for (int i = 0; i < 100'000; ++i) bomb += "<a>";
  EXPECT_THAT(refusal(page(bomb)), HasSubstr("nested more than 16 deep"));
}

TEST(Listing, RefusesAPageOneByteAboveTheLimit) {
  const std::string whole = page(contents("k", "1"));
  std::string xml = whole + std::string(kListPageBytesMax - whole.size(), ' ');
  EXPECT_EQ(parse(xml).keys.size(), 1u);
  xml += ' ';
  EXPECT_THAT(refusal(xml), HasSubstr("a page of 8388609 bytes, the limit is 8388608"));
}

TEST(Listing, RefusesTheKeyAfterAThousand) {
  std::string keys;
  for (int i = 0; i < 1000; ++i) keys += contents("k", "1");
  EXPECT_EQ(parse(page(keys)).keys.size(), 1000u);
  EXPECT_THAT(refusal(page(keys + contents("k", "1"))), HasSubstr("more than 1000 keys in a page"));
}

TEST(Listing, RefusesACountThatIsNotTheNumberOfKeys) {
  EXPECT_THAT(refusal(page("<KeyCount>3</KeyCount>" + contents("k", "1"))),
              HasSubstr("says it has 3 keys and has 1"));
}

TEST(Listing, RefusesWhatLacksAPart) {
  EXPECT_THAT(refusal(page("<Contents><Size>1</Size></Contents>")), HasSubstr("without a Key"));
  EXPECT_THAT(refusal(page("<Contents><Key>k</Key></Contents>")), HasSubstr("without a Size"));
  for (const char* size : {"-1", "1x", "18446744073709551616", " 1", ""}) {
    EXPECT_THAT(refusal(page(contents("k", size))), HasSubstr("without a Size")) << size;
  }
  EXPECT_THAT(refusal(page("", "true")), HasSubstr("without a token for the next"));
  EXPECT_THAT(refusal(page("", "maybe")), HasSubstr("does not say if it is the last"));
  EXPECT_THAT(refusal("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
              HasSubstr("without encoding-type=url"));
  EXPECT_THAT(refusal("<Error/>"), HasSubstr("no ListBucketResult; is the endpoint that of an S3 server?"));
  EXPECT_THAT(refusal("<ListBucketResult>"), HasSubstr("no XML"));
  EXPECT_THAT(refusal(""), HasSubstr("no XML"));
}

TEST(Listing, RefusesAKeyOutsideThePrefixAskedFor) {
  EXPECT_EQ(parse(page(contents("a/b", "1")), "a/").keys.size(), 1u);
  EXPECT_THAT(refusal(page(contents("b/a", "1")), "a/"),
              HasSubstr("the key \"b/a\", which lies outside the prefix"));
}

TEST(Listing, RefusesAKeyWithANulByte) {
  EXPECT_THAT(refusal(page(contents("a%00b", "1"))), HasSubstr("the key \"a\\x00b\" has a NUL byte"));
}

TEST(ErrorDocument, TellsTheCodeAndTheRegion) {
  const ErrorDocument read = parse_error_document(
      "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>secret</Message>"
      "<Region>eu-west-1</Region></Error>");
  EXPECT_EQ(read.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(read.region, "eu-west-1");
}

TEST(ErrorDocument, IsEmptyForWhatIsNone) {
  for (const char* text : {"", "nonsense", "<html/>", "<!DOCTYPE x><Error><Code>a</Code></Error>",
                           "<Error><Code>a b<c/></Code></Error>"}) {
    EXPECT_EQ(parse_error_document(text).code, "") << text;
  }
}

}  // namespace
}  // namespace coldload::s3
