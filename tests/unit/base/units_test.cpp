#include "core/base/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace coldload {
namespace {

using ::testing::HasSubstr;

std::string complaint(const Result<uint64_t>& result) {
  return result ? "(accepted)" : result.error().message;
}

TEST(Units, ReadsEveryUnitOfBytes) {
  const std::vector<std::pair<std::string, uint64_t>> written = {{"4096", 4096},
                                                                 {"4096 B", 4096},
                                                                 {"1 kB", 1000},
                                                                 {"1 KB", 1000},
                                                                 {"2 MB", 2'000'000},
                                                                 {"1.5 GB", 1'500'000'000},
                                                                 {"1 TB", 1'000'000'000'000},
                                                                 {"8 KiB", 8192},
                                                                 {"8 MiB", 8388608},
                                                                 {"8MiB", 8388608},
                                                                 {" 1\tGiB ", 1073741824},
                                                                 {"1 TiB", 1099511627776},
                                                                 {"0.5 KiB", 512},
                                                                 {"0", 0}};
  for (const auto& [text, bytes] : written) {
    const auto read = parse_bytes(text);
    ASSERT_TRUE(read) << text << ": " << read.error().message;
    EXPECT_EQ(*read, bytes) << text;
  }
}

TEST(Units, RefusesWhatIsNoQuantityAndSaysWhy) {
  EXPECT_THAT(complaint(parse_bytes("")), HasSubstr("does not start with a number"));
  EXPECT_THAT(complaint(parse_bytes("MiB")), HasSubstr("\"MiB\" is not a size"));
  EXPECT_THAT(complaint(parse_bytes("nan")), HasSubstr("does not start with a number"));
  EXPECT_THAT(complaint(parse_bytes("inf")), HasSubstr("does not start with a number"));
  EXPECT_THAT(complaint(parse_bytes("-1 MiB")), HasSubstr("cannot be negative"));
  EXPECT_THAT(complaint(parse_bytes("8 MX")), HasSubstr("unknown unit \"MX\", expected one of B, kB"));
  EXPECT_THAT(complaint(parse_bytes("1e3 B")), HasSubstr("unknown unit \"e3 B\""));
  EXPECT_THAT(complaint(parse_bytes("0.5")), HasSubstr("not a whole number of bytes"));
  EXPECT_THAT(complaint(parse_bytes("1.0001 KiB")), HasSubstr("not a whole number of bytes"));
}

TEST(Units, ReadsUpToTheLastQuantityBelow2To63) {
  // 2^63 itself, and the double before it.
  EXPECT_EQ(complaint(parse_bytes("9223372036854775808")), "\"9223372036854775808\" is too large");
  const auto last = parse_bytes("9223372036854774784");
  ASSERT_TRUE(last) << last.error().message;
  EXPECT_EQ(*last, 9223372036854774784U);
  EXPECT_EQ(complaint(parse_bytes("8388608 TiB")), "\"8388608 TiB\" is too large");
  EXPECT_EQ(parse_bytes("8388607 TiB").value_or(0), 8388607ULL << 40U);
}

TEST(Units, ReadsDurationsWithAUnitOnly) {
  EXPECT_EQ(parse_duration("250 ms").value_or(0), 250'000'000U);
  EXPECT_EQ(parse_duration("1.5 s").value_or(0), 1'500'000'000U);
  EXPECT_EQ(parse_duration("2 min").value_or(0), 120'000'000'000U);
  EXPECT_EQ(parse_duration("1 h").value_or(0), 3'600'000'000'000U);
  EXPECT_EQ(parse_duration("7 µs").value_or(0), 7'000U);
  EXPECT_EQ(parse_duration("7 us").value_or(0), 7'000U);
  EXPECT_EQ(parse_duration("3 ns").value_or(0), 3U);
  EXPECT_EQ(parse_duration("0").value_or(1), 0U);
  EXPECT_THAT(complaint(parse_duration("5")), HasSubstr("has no unit: write one of ns, us"));
  EXPECT_THAT(complaint(parse_duration("0.5 ns")), HasSubstr("not a whole number of nanoseconds"));
}

TEST(Units, ReadsRatesInDecimalBitsAndBytes) {
  EXPECT_EQ(parse_rate("2 Gbit/s").value_or(0), 250'000'000U);
  EXPECT_EQ(parse_rate("8 bit/s").value_or(0), 1U);
  EXPECT_EQ(parse_rate("1.5 GB/s").value_or(0), 1'500'000'000U);
  EXPECT_EQ(parse_rate("800 MiB/s").value_or(0), 838'860'800U);
  EXPECT_THAT(complaint(parse_rate("10")), HasSubstr("has no unit"));
  EXPECT_THAT(complaint(parse_rate("4 bit/s")), HasSubstr("not a whole number"));
}

TEST(Units, ReadsPercentages) {
  EXPECT_DOUBLE_EQ(parse_percent("15 %").value_or(0), 0.15);
  EXPECT_DOUBLE_EQ(parse_percent("2.5%").value_or(0), 0.025);
  for (const char* wrong : {"15", "", "%", "-1 %", "x %", "1 % %", "nan %"}) {
    const auto read = parse_percent(wrong);
    ASSERT_FALSE(read) << wrong;
    EXPECT_THAT(read.error().message, HasSubstr("is not a percentage: write it as \"15 %\"")) << wrong;
  }
}

TEST(Units, WritesBytesExactlyWhereAUnitDividesThem) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1000), "1000 B");
  EXPECT_EQ(format_bytes(8388608), "8 MiB");
  EXPECT_EQ(format_bytes(1ULL << 30U), "1 GiB");
  EXPECT_EQ(format_bytes(9999), "9999 B");
  EXPECT_EQ(format_bytes(10'001), "10.0 kB");
  EXPECT_EQ(format_bytes(4'370'000'001), "4.37 GB");
}

TEST(Units, WritesThreeFiguresAndMovesToTheNextUnitInTime) {
  EXPECT_EQ(format_bytes_decimal(999), "999 B");
  EXPECT_EQ(format_bytes_decimal(999'499), "999 kB");
  EXPECT_EQ(format_bytes_decimal(999'500), "1.00 MB");
  EXPECT_EQ(format_bytes_decimal(16'060'000'000), "16.1 GB");
  EXPECT_EQ(format_duration(999), "999 ns");
  EXPECT_EQ(format_duration(250'000'000), "250 ms");
  EXPECT_EQ(format_duration(1'234'000'000), "1.23 s");
  EXPECT_EQ(format_duration(119'999'000'000), "120 s");
  EXPECT_EQ(format_duration(125'000'000'000), "2 min 5 s");
  EXPECT_EQ(format_duration(7'260'000'000'000), "2 h 1 min");
  EXPECT_EQ(format_rate(1.234e9), "1.23 GB/s");
  EXPECT_EQ(format_rate(998e6), "998 MB/s");
}

// What a table shows can be written into a scenario.
TEST(Units, ReadsBackTheExactBytesItWrites) {
  for (const uint64_t bytes : {1ULL, 512ULL, 4096ULL, 8388608ULL, 3ULL << 30U, 9999ULL, 5ULL << 40U}) {
    EXPECT_EQ(parse_bytes(format_bytes(bytes)).value_or(0), bytes) << format_bytes(bytes);
  }
}

}  // namespace
}  // namespace coldload
