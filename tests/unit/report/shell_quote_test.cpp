#include "core/report/shell_quote.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

namespace coldload {
namespace {

using testing::HasSubstr;

std::string in_shell(std::string_view value) {
  return shell_quote(value).value_or("refused");
}
std::string in_exec(std::string_view value) {
  return unit_quote(value, UnitPlace::exec).value_or("refused");
}
std::string in_path(std::string_view value) {
  return unit_quote(value, UnitPlace::path).value_or("refused");
}

TEST(ShellQuote, PutsPrintableAsciiInSingleQuotes) {
  EXPECT_EQ(in_shell("/mnt/nvme/models"), "'/mnt/nvme/models'");
  EXPECT_EQ(in_shell(""), "''");
  EXPECT_EQ(in_shell("it's $(here) `now` \"!\" \\"), R"('it'\''s $(here) `now` "!" \')");
}

TEST(ShellQuote, WritesEveryOtherByteAsAnOctalEscape) {
  EXPECT_EQ(in_shell("a\nb'\\"), R"($'a\012b\'\\')");
  EXPECT_EQ(in_shell("\xff\x1b[31m"), R"($'\377\033[31m')");
  // A right-to-left override would show the reader another text than bash reads.
  EXPECT_EQ(in_shell("\u202e"), R"($'\342\200\256')");
}

TEST(ShellQuote, RefusesNul_AndSaysWhere) {
  const auto refused = shell_quote(std::string_view("ab\0c", 4));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, Status::invalid_option);
  EXPECT_THAT(refused.error().message, HasSubstr("a NUL at byte 2"));
}

// Half of them of what shells take for their own, half of any byte but NUL.
std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kSpecial = "'\"\\$`!*?[]{}()<>|&;#~= \t\n\r\x1b%^-\x7f\xc3\xa4\xff";
  std::string text(random() % 24, ' ');
  const bool special = random() % 2 == 0;
  for (char& character : text) {
    character = special ? kSpecial[random() % kSpecial.size()] : static_cast<char>(1 + random() % 255);
  }
  return text;
}

std::string output_of(const std::string& command) {
  std::string output;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::array<char, 65536> buffer{};
  while (const size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    output.append(buffer.data(), count);
  return output;
}

TEST(ShellQuote, TenThousandRandomStringsSurviveBash) {
  std::mt19937 random(20240501);
  const auto script =
      std::filesystem::path(COLDLOAD_BINARY_DIR) / ("quoted-" + std::to_string(::getpid()) + ".sh");
  std::string expected;
  {
    std::ofstream file(script, std::ios::binary);
    file << "values=(\n";
    for (int count = 0; count < 10'000; ++count) {
      const std::string text = random_text(random);
      expected += text + '\0';
      file << in_shell(text) << "\n";
    }
    file << ")\nprintf '%s\\0' \"${values[@]}\"\n";
  }
  const std::string output = output_of("bash " + in_shell(script.string()));
  std::filesystem::remove(script);
  EXPECT_TRUE(output == expected) << output.size() << " bytes, expected " << expected.size();
}

TEST(UnitQuote, DoublesWhatSystemdWouldReplace) {
  EXPECT_EQ(in_exec("50 % of $HOME \"x\" \\"), R"("50 %% of $$HOME \"x\" \\")");
  EXPECT_EQ(in_exec("a\nb\xff"), R"("a\012b\377")");
  EXPECT_EQ(in_path("/a b/%h/$x/\"é\""), R"("/a b/%%h/$x/\"é\"")");
}

TEST(UnitQuote, RefusesAPathThatSystemdCannotHold) {
  EXPECT_EQ(in_path("/a\nb"), "refused");
  EXPECT_EQ(in_path("/a\xff"), "refused");
  EXPECT_EQ(in_exec(std::string_view("\0", 1)), "refused");
}

}  // namespace
}  // namespace coldload
