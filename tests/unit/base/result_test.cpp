#include "core/base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "core/base/location.hpp"

namespace coldload {
namespace {

TEST(Result, NamesEveryStatusAndAnyOtherNumberByItself) {
  EXPECT_EQ(to_string(Status::invalid_option), "invalid option");
  EXPECT_EQ(to_string(Status::integrity), "integrity error");
  EXPECT_EQ(to_string(static_cast<Status>(777)), "unknown status 777");
}

TEST(Result, TurnsErrnoIntoWhatItsReaderShouldDo) {
  EXPECT_EQ(status_of_errno(ENOENT), Status::not_found);
  EXPECT_EQ(status_of_errno(EROFS), Status::permission_denied);
  EXPECT_EQ(status_of_errno(ENOMEM), Status::out_of_memory);
  EXPECT_EQ(status_of_errno(ENOSYS), Status::unsupported);
  EXPECT_EQ(status_of_errno(EIO), Status::io_error);
  const Result<int> failed = fail_errno(ENOENT, "/models");
  EXPECT_EQ(failed.error().message, "/models: No such file or directory");
  EXPECT_EQ(failed.error().os_error, ENOENT);
}

TEST(Location, IsWrittenAsFileLineColumnOrAsTheFileAlone) {
  EXPECT_EQ(to_string(Location{"x.toml", 14, 1}), "x.toml:14:1");
  EXPECT_EQ(to_string(Location{"--only", 0, 0}), "--only");
  EXPECT_EQ(to_string(Diagnostic{{"x.toml", 2, 3}, "no such key"}), "x.toml:2:3: no such key");
  EXPECT_EQ(to_string(Diagnostic{{}, "no such key"}), "no such key");
}

}  // namespace
}  // namespace coldload
