#include "plugins/staged/name.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "coldload/cpp/failure.hpp"

namespace coldload::staged {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(StagedName, OrdinaryNamesPass) {
  for (const char* name : {"model.safetensors", "a/b/c.json", "..data", "a..b", "...", ".hidden",
                           "mit Leerzeichen", "ünïcode", "a-b_c+d@e,f;g'h\"i$j`k"}) {
    EXPECT_THAT(fault_of_name(name), IsEmpty()) << name;
  }
}

TEST(StagedName, WhatCouldLeaveTheDirectoryIsRefused) {
  const std::string long_part(256, 'a');
  std::string long_name = "a";
  while (long_name.size() <= 4096) long_name += "/" + std::string(200, 'b');
  const std::pair<std::string, const char*> hostile[] = {
      {"", "empty"},
      {"/etc/passwd", "absolute"},
      {"..", "\"..\""},
      {".", "\".\""},
      {"a/../../b", "\"..\""},
      {"a/./b", "\".\""},
      {"a//b", "empty part"},
      {"a/", "empty part"},
      {"a\\..\\b", "backslash"},
      {std::string("a\0b", 3), "control"},
      {"a\nfile", "control"},
      {"a\x7f", "control"},
      {"\x1b[2J", "control"},
      {long_part, "255"},
      {long_name, "4096"},
  };
  for (const auto& [name, fault] : hostile) EXPECT_THAT(fault_of_name(name), HasSubstr(fault)) << name;
}

TEST(StagedName, ARefusalShowsTheNameWithoutItsControlCharacters) {
  try {
    check_name("a\x1b[31m");
    FAIL() << "passed";
  } catch (const sdk::Failure& failure) {
    EXPECT_EQ(failure.status(), COLDLOAD_UNSUPPORTED);
    EXPECT_STREQ(
        failure.what(),
        "the source's object \"a\\x1b[31m\" has a control character: such a name is not staged, nothing was "
        "written");
  }
}

}  // namespace
}  // namespace coldload::staged
