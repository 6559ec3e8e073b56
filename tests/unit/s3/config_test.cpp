#include "plugins/s3/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "expect_failure.hpp"

namespace coldload::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Variables fixed(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

Asked asked(const std::string& endpoint = "") {
  Asked asked;
  asked.url = "s3://models/pre";
  asked.endpoint = endpoint;
  return asked;
}

TEST(Config, IsAwsByRegionWithTheBucketInTheNameWithoutAnythingElse) {
  const Config config = settle(asked(), {}, fixed({}));
  EXPECT_EQ(config.endpoint.text(), "https://s3.us-east-1.amazonaws.com");
  EXPECT_EQ(config.endpoint_source, "region");
  EXPECT_EQ(config.region_source, "default");
  EXPECT_EQ(config.addressing, Addressing::virtual_host);
}

TEST(Config, OptionsComeBeforeTheEnvironmentAndThatBeforeTheProfile) {
  Profile profile;
  profile.config = {{"region", "r-profile"}, {"endpoint_url", "http://profile"}};
  Asked all = asked("http://option");
  all.region = "r-option";
  const auto variables = fixed({{"AWS_ENDPOINT_URL_S3", "http://s3-variable"},
                                {"AWS_ENDPOINT_URL", "http://variable"},
                                {"AWS_DEFAULT_REGION", "r-variable"}});
  EXPECT_EQ(settle(all, profile, variables).endpoint.text(), "http://option");
  EXPECT_EQ(settle(all, profile, variables).region, "r-option");
  EXPECT_EQ(settle(asked(), profile, variables).endpoint.text(), "http://s3-variable");
  EXPECT_EQ(settle(asked(), profile, variables).region, "r-variable");
  EXPECT_EQ(settle(asked(), profile, fixed({{"AWS_ENDPOINT_URL", "http://variable"}})).endpoint.text(),
            "http://variable");
  EXPECT_EQ(settle(asked(), profile, fixed({})).endpoint.text(), "http://profile");
  EXPECT_EQ(settle(asked(), profile, fixed({})).region, "r-profile");
  profile.services = {{"s3.endpoint_url", "http://services"}};
  EXPECT_EQ(settle(asked(), profile, fixed({})).endpoint.text(), "http://services");
}

TEST(Config, AnEndpointOfOnesOwnHasTheBucketInThePath) {
  EXPECT_EQ(settle(asked("http://h"), {}, fixed({})).addressing, Addressing::path);
  Asked named = asked("http://h");
  named.addressing = "virtual";
  EXPECT_EQ(settle(named, {}, fixed({})).addressing, Addressing::virtual_host);
  named.url = "s3://a.b";
  EXPECT_THAT(failure_of([&] { (void)settle(named, {}, fixed({})); }), HasSubstr("does not fit a host name"));
  Asked dotted = asked();
  dotted.url = "s3://a.b";
  EXPECT_EQ(settle(dotted, {}, fixed({})).addressing, Addressing::path);
}

TEST(Config, FindsAProxyOfTheSchemeAndHidesItsPassword) {
  const auto variables = fixed({{"http_proxy", "http://u:hidden@plain:1"},
                                {"HTTP_PROXY", "http://never:1"},
                                {"https_proxy", "http://secure:1"},
                                {"no_proxy", "localhost"}});
  EXPECT_EQ(settle(asked("http://h"), {}, variables).transport.proxy, "http://u:hidden@plain:1");
  EXPECT_EQ(settle(asked("https://h"), {}, variables).transport.proxy, "http://secure:1");
  EXPECT_EQ(settle(asked("https://h"), {}, variables).transport.no_proxy, "localhost");
  EXPECT_EQ(settle(asked("http://h"), {}, fixed({{"HTTP_PROXY", "http://never:1"}})).transport.proxy, "");
  Asked none = asked("http://h");
  none.proxy = "none";
  EXPECT_EQ(settle(none, {}, variables).transport.proxy, "");
  // A user's name alone may be a token.
  for (const char* const proxy : {"http://u:hidden@p:1", "http://hidden@p:1"}) {
    none.proxy = proxy;
    const std::string message = failure_of([&] { (void)settle(none, {}, variables); });
    EXPECT_THAT(message, HasSubstr("who asks does not stand in a scenario"));
    EXPECT_THAT(message, Not(HasSubstr("hidden")));
  }
}

TEST(Config, RefusesARegionThatIsNoName) {
  Asked odd = asked();
  odd.region = "eu/../x";
  EXPECT_THAT(failure_of([&] { (void)settle(odd, {}, fixed({})); }), HasSubstr("region (from option)"));
}

TEST(Config, ShortensALongNameInMessages) {
  const Config config = settle(asked(), {}, fixed({}));
  EXPECT_EQ(config.shown("a\nb"), "s3://models/pre/a?b");
  EXPECT_LT(config.shown(std::string(1000, 'k')).size(), 200u);
}

TEST(Ini, ReadsSectionsKeysAndIndentedBlocks) {
  const IniFile file =
      parse_ini("f",
                "# comment\n[default]\na = 1 # why\nb=x#y\n[profile p]\r\ns3 =\n  k = v\n  l = w\n"
                "c = d\n\n[default]\ne=f");
  EXPECT_EQ(file.at("default"), (IniSection{{"a", "1"}, {"b", "x#y"}, {"e", "f"}}));
  EXPECT_EQ(file.at("profile p"), (IniSection{{"s3", ""}, {"s3.k", "v"}, {"s3.l", "w"}, {"c", "d"}}));
}

TEST(Ini, TellsTheLineAndNoValue) {
  EXPECT_EQ(failure_of([] { (void)parse_ini("f", "[a]\nhidden\n"); }), "f:2: expected key = value");
  EXPECT_EQ(failure_of([] { (void)parse_ini("f", "a=b"); }), "f:1: a key before the first [section]");
  EXPECT_EQ(failure_of([] { (void)parse_ini("f", "[a"); }), "f:1: expected [section]");
}

}  // namespace
}  // namespace coldload::s3
