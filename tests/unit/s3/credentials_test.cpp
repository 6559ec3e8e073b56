#include "plugins/s3/credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>

#include "expect_failure.hpp"
#include "plugins/s3/program.hpp"

namespace coldload::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Variables fixed(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

const std::map<std::string, std::string> kVariables = {
    {"AWS_ACCESS_KEY_ID", "variable"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}};

Profile profile_with(IniSection credentials) {
  Profile profile;
  profile.name = "p";
  profile.credentials = std::move(credentials);
  return profile;
}

TEST(Credentials, OfTheEnvironmentComeBeforeAProfileUnlessTheScenarioNamesOne) {
  const Profile profile = profile_with({{"aws_access_key_id", "file"}, {"aws_secret_access_key", "s"}});
  Credentials implicit(profile, false, fixed(kVariables), {});
  EXPECT_EQ(implicit.keys(0).access_key, "variable");
  EXPECT_EQ(implicit.keys(0).session_token, "t");
  EXPECT_EQ(implicit.source(), "environment");
  Credentials named(profile, true, fixed(kVariables), {});
  EXPECT_EQ(named.keys(0).access_key, "file");
  EXPECT_EQ(named.source(), "profile");
}

TEST(Credentials, HalfAPairIsAMistake) {
  EXPECT_THAT(failure_of([] { Credentials({}, false, fixed({{"AWS_ACCESS_KEY_ID", "a"}}), {}); }),
              HasSubstr("AWS_SECRET_ACCESS_KEY is not"));
  EXPECT_THAT(
      failure_of([] { Credentials(profile_with({{"aws_access_key_id", "a"}}), true, fixed({}), {}); }),
      HasSubstr("no aws_secret_access_key"));
}

TEST(Credentials, SayHowToExportWhatIsNotFetched) {
  for (const auto& [key, kind] : {std::pair{"sso_session", "SSO"}, std::pair{"role_arn", "an assumed role"},
                                  std::pair{"web_identity_token_file", "a web identity"}}) {
    coldload_status status = COLDLOAD_OK;
    const std::string message =
        failure_of([&] { Credentials(profile_with({{key, "x"}}), true, fixed({}), {}); }, &status);
    EXPECT_THAT(message, HasSubstr(kind));
    EXPECT_THAT(message, HasSubstr("aws configure export-credentials --profile p --format env"));
    EXPECT_EQ(status, COLDLOAD_PERMISSION_DENIED);
  }
  EXPECT_THAT(failure_of([] { Credentials({}, false, fixed({}), {}); }), HasSubstr("anonymous = true"));
}

class ByProgram : public ::testing::Test {
 protected:
  Credentials make() {
    return Credentials(profile_with({{"credential_process", "tool 'an argument'"}}), true, fixed({}),
                       [this](const std::vector<std::string>& argv) {
                         argv_ = argv;
                         ++calls_;
                         return output_;
                       });
  }
  std::string output_;
  std::vector<std::string> argv_;
  int calls_ = 0;
};

TEST_F(ByProgram, IssuedKeysServeUntilTheyAreAboutToExpire) {
  output_ =
      R"({"Version":1,"AccessKeyId":"a","SecretAccessKey":"s\/\u0041","Expiration":"1970-01-01T01:00:00Z"})";
  Credentials credentials = make();
  EXPECT_EQ(calls_, 0) << "not before it is needed";
  EXPECT_EQ(credentials.keys(0).secret_key, "s/A");
  EXPECT_THAT(argv_, ElementsAre("tool", "an argument"));
  (void)credentials.keys(3539);
  EXPECT_EQ(calls_, 1);
  (void)credentials.keys(3540);
  EXPECT_EQ(calls_, 2);
  EXPECT_THAT(failure_of([&] { (void)credentials.keys(3600); }), HasSubstr("expired already"));
}

TEST_F(ByProgram, NothingItPrintedStandsInAMessage) {
  for (const char* output :
       {"hidden", R"({"Version":2,"AccessKeyId":"hidden"})", R"({"Version":1,"AccessKeyId":"hidden"})",
        R"({"Version":1,"AccessKeyId":"a","SecretAccessKey":"hidden","Expiration":"hidden"})",
        R"({"Version":1,"x":{"hidden":1}})", "{", R"({"a":"\q"})", ""}) {
    output_ = output;
    Credentials credentials = make();
    const std::string message = failure_of([&] { (void)credentials.keys(0); });
    EXPECT_THAT(message, HasSubstr("credential_process of profile \"p\" printed")) << output;
    EXPECT_THAT(message, Not(HasSubstr("hidden")));
  }
}

TEST(Command, IsSplitAtBlanksOutsideQuotes) {
  EXPECT_THAT(split_command("  a \"b c\" 'd \"e' f\\ g \"\" h'i'"),
              ElementsAre("a", "b c", "d \"e", "f g", "", "hi"));
  EXPECT_THAT(failure_of([] { (void)split_command("a 'b"); }), HasSubstr("not closed"));
}

TEST(Time, IsReadWithItsZone) {
  EXPECT_EQ(parse_time("2013-05-24T00:00:00Z"), 1369353600);
  EXPECT_EQ(parse_time("2013-05-24T02:30:00.123456+02:30"), 1369353600);
  EXPECT_EQ(parse_time("2013-05-23T23:00:00-0100"), 1369353600);
  for (const char* text : {"", "tomorrow", "2013-05-24", "2013-05-24T00:00:00"})
    EXPECT_EQ(parse_time(text), 0) << text;
}

bool never() {
  return false;
}

TEST(Program, ItsStandardOutputIsRead) {
  EXPECT_EQ(run_program({"sh", "-c", "echo out; echo hidden >&2"}, {}, never), "out\n");
}

TEST(Program, SaysWhatWentWrongWithoutItsOutput) {
  EXPECT_EQ(failure_of([] { (void)run_program({"sh", "-c", "echo hidden; exit 3"}, {}, never); }),
            "credential_process sh failed with exit status 3: run it by hand to see why");
  EXPECT_THAT(failure_of([] { (void)run_program({"/no/such/tool"}, {}, never); }), HasSubstr("No such file"));
  EXPECT_THAT(failure_of([] { (void)run_program({"sh", "-c", "cat /dev/zero"}, {}, never); }),
              HasSubstr("printed more than 65536 bytes"));
}

TEST(Program, IsEndedWhenItTakesTooLongOrTheRunStops) {
  const auto begin = std::chrono::steady_clock::now();
  ProgramLimits limits;
  limits.timeout_ms = 100;
  EXPECT_THAT(failure_of([&] { (void)run_program({"sh", "-c", "sleep 60 & sleep 60"}, limits, never); }),
              HasSubstr("has not ended after"));
  EXPECT_EQ(failure_of([&] { (void)run_program({"sleep", "60"}, {}, [] { return true; }); }), "cancelled");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace coldload::s3
