// What the kernel says in the text files of /proc and /sys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coldload {

// The content without trailing blanks and newlines; "" where it cannot be read.
[[nodiscard]] std::string read_or_empty(const std::filesystem::path& path);

// The first whole number in it.
[[nodiscard]] std::optional<uint64_t> number_in(std::string_view text);

// The rest of the line that starts with `key`, blanks and colon skipped; "" where no line does.
[[nodiscard]] std::string line_after(std::string_view text, std::string_view key);

// The parts between blanks.
[[nodiscard]] std::vector<std::string> words_of(std::string_view line);

// A path as it is: /proc/self/mountinfo writes blanks and backslashes in it as \040 and the like.
[[nodiscard]] std::string unescaped(std::string_view text);

}  // namespace coldload
