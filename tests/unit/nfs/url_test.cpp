#include "plugins/nfs/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coldload/cpp/failure.hpp"

namespace coldload::nfs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string refused(const std::string& text) {
  try {
    const Url url = parse_url(text);
    return "accepted: " + url.server + " " + url.path;
  } catch (const sdk::Failure& failure) {
    EXPECT_EQ(failure.status(), COLDLOAD_INVALID_OPTION);
    return failure.what();
  }
}

TEST(NfsUrl, IsAServerAndAPath) {
  const Url url = parse_url("nfs://storage.example/models/llm");
  EXPECT_EQ(url.server, "storage.example");
  EXPECT_EQ(url.path, "/models/llm");
}

TEST(NfsUrl, ASlashAtTheEndSaysNothing_AndNoPathIsTheRoot) {
  EXPECT_EQ(parse_url("nfs://s/models/").path, "/models");
  EXPECT_EQ(parse_url("nfs://s/").path, "/");
  EXPECT_EQ(parse_url("nfs://s").path, "/");
}

TEST(NfsUrl, AnIPv6AddressStandsInBrackets) {
  EXPECT_EQ(parse_url("nfs://[fd00::7]/m").server, "fd00::7");
  EXPECT_THAT(refused("nfs://[fd00::7/m"), HasSubstr("'['"));
}

TEST(NfsUrl, PercentEscapesAreTakenBack) {
  EXPECT_EQ(parse_url("nfs://s/a%20b%3F").path, "/a b?");
  for (const char* broken : {"nfs://s/a%2", "nfs://s/a%", "nfs://s/a%zz"}) {
    EXPECT_THAT(refused(broken), HasSubstr("two hexadecimal digits")) << broken;
  }
  EXPECT_THAT(refused("nfs://s/a%00b"), HasSubstr("NUL"));
}

TEST(NfsUrl, WhatIsAnOptionIsNotInIt) {
  EXPECT_THAT(refused("nfs://s:2049/m"), HasSubstr("option nfsport"));
  EXPECT_THAT(refused("nfs://[fd00::7]:2049/m"), HasSubstr("option nfsport"));
  EXPECT_THAT(refused("nfs://me@s/m"), HasSubstr("uid and gid"));
  EXPECT_THAT(refused("nfs://s/m?version=3"), HasSubstr("options of the backend"));
}

TEST(NfsUrl, ARefusalDoesNotRepeatThePassword) {
  for (const char* url : {"nfs://u:SECRET@host/x", "nfs://u:SEC/RET@host/x", "http://u:SECRET@host/x"}) {
    EXPECT_THAT(refused(url), HasSubstr("://***@host/x")) << url;
    EXPECT_THAT(refused(url), Not(HasSubstr("RET"))) << url;
  }
}

TEST(NfsUrl, HostileOnesAreRefused) {
  for (const char* text : {"", "nfs", "http://s/m", "nfs:/s/m", "NFS//s/m"}) {
    EXPECT_THAT(refused(text), HasSubstr("expected nfs://server/export/directory")) << text;
  }
  EXPECT_THAT(refused("nfs:///m"), HasSubstr("names no server"));
  EXPECT_THAT(refused("nfs://s/../etc"), HasSubstr("\"..\""));
  EXPECT_THAT(refused("nfs://s/a/%2e%2e/etc"), HasSubstr("\"..\""));
  EXPECT_THAT(refused("nfs://s//etc"), HasSubstr("relative"));
  EXPECT_THAT(refused("nfs://a b/m"), HasSubstr("blank"));
  EXPECT_THAT(refused("nfs://s/" + std::string(5000, 'a')), HasSubstr("longer than 4096 bytes"));
  EXPECT_EQ(parse_url("nfs://s/" + std::string(4000, 'a')).path.size(), 4001U);
}

}  // namespace
}  // namespace coldload::nfs
