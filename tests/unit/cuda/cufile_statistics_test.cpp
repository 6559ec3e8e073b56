#include <gtest/gtest.h>

#include "plugins/cufile/library.hpp"

namespace coldload::cufile {
namespace {

// As the module's own documentation shows it.
TEST(CuFileStatistics, GiveTheNumberOfReads) {
  const std::string text =
      "\nGDS Version: 1.0.0.80\nNVFS statistics(ver: 4.0)\nNVFS Driver(version: 2.7.49)\nActive "
      "Shadow-Buffer "
      "(MiB): 0\nReads\t\t\t\t: n=63463 ok=63463 err=0 readMiB=991 io_state_err=0\nWrites\t\t\t: n=5 ok=5\n";
  EXPECT_EQ(reads_of_statistics(text), 63463U);
}

TEST(CuFileStatistics, WithoutThemGiveNothing) {
  EXPECT_EQ(reads_of_statistics("\n"), std::nullopt);
  EXPECT_EQ(reads_of_statistics("\nReads : none\nWrites : n=5\n"), std::nullopt);
}

}  // namespace
}  // namespace coldload::cufile
