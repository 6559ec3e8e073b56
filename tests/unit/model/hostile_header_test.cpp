// Headers made to cost time or memory: each is refused by name, in bounded memory. Every case runs in a child
// process, whose peak memory is its own.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

#include "core/base/limits.hpp"
#include "core/model/safetensors.hpp"

namespace coldload {
namespace {

// The text `prefix`, `unit` again and again, `suffix`, together a header of the largest size allowed; made as
// it is read, so that the test itself holds none of it.
struct Pattern {
  std::string name;
  std::string prefix;
  std::string unit;
  std::string suffix;
  std::string expected;  // part of the refusal

  [[nodiscard]] char at(uint64_t offset) const {
    const uint64_t suffix_begin = limits::kSafetensorsHeaderBytesMax - suffix.size();
    if (offset < prefix.size()) return prefix[offset];
    if (offset >= suffix_begin) return suffix[offset - suffix_begin];
    return unit[(offset - prefix.size()) % unit.size()];
  }

  [[nodiscard]] Result<void> read(uint64_t offset, std::span<std::byte> into) const {
    const uint64_t length = limits::kSafetensorsHeaderBytesMax;
    for (size_t i = 0; i < into.size(); ++i) {
      const uint64_t at_byte = offset + i;
      into[i] = at_byte < 8 ? static_cast<std::byte>(length >> (8 * at_byte))
                            : static_cast<std::byte>(at(at_byte - 8));
    }
    return {};
  }
};

void PrintTo(const Pattern& pattern, std::ostream* out) {
  *out << pattern.name;
}

std::string long_entry(size_t name_bytes, size_t rank) {
  std::string shape = "0";
  for (size_t i = 1; i < rank; ++i) shape += ",1";
  return fmt::format("\"{}\":{{\"dtype\":\"U8\",\"shape\":[{}],\"data_offsets\":[0,0]}},",
                     std::string(name_bytes, 'n'), shape);
}

// As many names and dimensions as are let in, all well-formed: only the end shows that they are one name.
Pattern within_every_limit() {
  const std::string unit = long_entry(110, 7) + std::string(290, ' ');
  const std::string suffix = R"("z":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})";
  const std::string blanks((limits::kSafetensorsHeaderBytesMax - 1 - suffix.size()) % unit.size(), ' ');
  return {"entries_within_every_limit", "{" + blanks, unit, suffix, "appears twice"};
}

std::vector<Pattern> patterns() {
  return {
      {"tiny_entries", "{", long_entry(1, 1), "", "limit of 250000 tensors"},
      {"long_names", "{", long_entry(4000, 1), "", "bytes of their names"},
      {"many_dimensions", "{", long_entry(1, 64), "", "dimensions in all"},
      within_every_limit(),
      {"huge_metadata", R"({"__metadata__":{"k":")", "v", "", "\"__metadata__\" is larger than the limit"},
      {"metadata_of_one_key_again", R"({"__metadata__":{)", R"("k":"",)", "", "\"k\" appears twice"},
      {"huge_name", R"({")", "n", "", "longer than the limit of 4096 bytes"},
      {"huge_name_of_escapes", R"({")", "\\n", "", "longer than the limit of 4096 bytes"},
      {"huge_dtype", R"({"a":{"dtype":")", "F", "", "longer than the limit of 4096 bytes"},
      {"huge_number", R"({"a":{"shape":[)", "1", "", "a number of 2^64 or more"},
      {"blanks_only", "", " ", "", "no complete JSON text"},
      {"blanks_then_brackets", "", " ", "[[[[[[[[", "the header is an array"},
      {"deep_arrays", R"({"a":)", "[", "", "tensor \"a\" is an array"},
      {"deep_objects", "", R"({"a":)", "", "unknown field \"a\""},
      {"invalid_utf8_at_the_end", "{", " ", "\"\xff", "invalid UTF-8"},
  };
}

class HostileHeader : public ::testing::TestWithParam<Pattern> {};

TEST_P(HostileHeader, OfAHundredMegabytesIsRefusedInBoundedMemory) {
  const Pattern pattern = GetParam();
  int channel[2];
  ASSERT_EQ(::pipe(channel), 0);
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto header =
        read_header([&](uint64_t offset, std::span<std::byte> into) { return pattern.read(offset, into); },
                    limits::kSafetensorsHeaderBytesMax + 8);
    const std::string message = header ? "accepted" : header.error().message;
    ::_exit(::write(channel[1], message.data(), message.size()) < 0 ? 1 : 0);
  }
  ::close(channel[1]);
  int status = 0;
  rusage usage{};
  ASSERT_EQ(::wait4(child, &status, 0, &usage), child);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  char text[1000] = {};
  ASSERT_GE(::read(channel[0], text, sizeof text - 1), 0);
  ::close(channel[0]);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_THAT(std::string(text), ::testing::HasSubstr(pattern.expected));
  EXPECT_LT(seconds,
            30);  // a second without sanitizers and neighbours; the bound only catches what never ends
  RecordProperty("milliseconds", static_cast<int>(seconds * 1000));
  RecordProperty("peak_kib", static_cast<int>(usage.ru_maxrss));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(usage.ru_maxrss, 200'000'000 / 1024);  // a sanitizer's own memory is several times that
#endif
}

INSTANTIATE_TEST_SUITE_P(Of100MB, HostileHeader, ::testing::ValuesIn(patterns()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace coldload
