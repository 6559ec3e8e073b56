// What ListObjectsV2 answers, and the error document that any request may get. Pure parsers of hostile input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coldload::s3 {

// A page has at most 1000 keys of at most 1024 bytes, each up to three times as long encoded.
inline constexpr size_t kListPageBytesMax = size_t{8} << 20;
inline constexpr size_t kListPageKeysMax = 1000;
inline constexpr uint64_t kListKeysMax = 1'000'000;

struct ListedKey {
  std::string key;  // Decoded.
  uint64_t size_bytes = 0;
};

struct ListPage {
  std::vector<ListedKey> keys;
  std::string next_token;  // "" on the last page.
};

// `shown` names the listing for messages. Throws INTEGRITY for anything but a ListBucketResult with
// encoding-type=url whose own count agrees: a DOCTYPE, a key or size missing, a key outside `prefix`, more
// than fits a page, a truncated page without a token.
[[nodiscard]] ListPage parse_list_page(const std::string& shown, std::string_view xml,
                                       const std::string& prefix);

struct ErrorDocument {
  std::string code;    // "NoSuchKey"; "" where there is none. Letters and digits only.
  std::string region;  // The bucket's, where the server tells it.
};
// Its message is never read: servers repeat keys and signatures in it.
[[nodiscard]] ErrorDocument parse_error_document(std::string_view xml) noexcept;

}  // namespace coldload::s3
