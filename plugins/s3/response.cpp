#include "response.hpp"

#include <charconv>

namespace coldload::s3 {
namespace {

constexpr int kOk = 200;
constexpr int kPartialContent = 206;

bool take_number(std::string_view& text, uint64_t& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view expected) {
  if (text.substr(0, expected.size()) != expected) return false;
  text.remove_prefix(expected.size());
  return true;
}

std::optional<uint64_t> parse_whole(std::string_view text) {
  uint64_t number = 0;
  if (!take_number(text, number) || !text.empty()) return std::nullopt;
  return number;
}

// What a server says, shortened: it may say anything.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char letter : text.substr(0, 80)) out += letter >= ' ' && letter <= '~' ? letter : '?';
  return out + "\"";
}

}  // namespace

std::optional<Identity> identity_of(const ResponseHead& head) {
  const auto length = parse_whole(head.get("content-length"));
  if (!length) return std::nullopt;
  return Identity{*length, head.get("etag"), head.get("last-modified")};
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  ContentRange range;
  const bool parsed = take(text, "bytes ") && take_number(text, range.first) && take(text, "-") &&
                      take_number(text, range.last) && take(text, "/") && take_number(text, range.total) &&
                      text.empty();
  if (!parsed || range.first > range.last || range.last >= range.total) return std::nullopt;
  return range;
}

std::string fault_of_range(const ResponseHead& head, const WantedRange& wanted, const Identity& opened) {
  if (head.status == kOk)
    return "200 to a request for a range: the server, or a proxy before it, ignores Range";
  if (head.status != kPartialContent) return "status " + std::to_string(head.status) + ", expected 206";
  const std::string& text = head.get("content-range");
  const auto range = parse_content_range(text);
  if (!range) return "Content-Range " + quoted(text) + ", which is none";
  if (range->total != opened.size_bytes) {
    return "the object has " + std::to_string(range->total) + " bytes now and had " +
           std::to_string(opened.size_bytes) + " when it was opened";
  }
  if (range->first != wanted.offset || range->last != wanted.offset + wanted.length - 1) {
    return "bytes " + std::to_string(range->first) + "-" + std::to_string(range->last) + " came instead";
  }
  const std::string& etag = head.get("etag");
  if (!opened.etag.empty() && !etag.empty() && etag != opened.etag) {
    return "the object was replaced: its ETag is " + quoted(etag) + " and was " + quoted(opened.etag) +
           " when it was opened";
  }
  // Of a server without ETags nothing else tells.
  const std::string& modified = head.get("last-modified");
  if (opened.etag.empty() && !opened.last_modified.empty() && !modified.empty() &&
      modified != opened.last_modified) {
    return "the object was replaced: it was last modified at " + quoted(modified) + " and not at " +
           quoted(opened.last_modified) + " as when it was opened";
  }
  const std::string& length = head.get("content-length");
  if (length.empty()) return "";
  if (parse_whole(length) != wanted.length) {
    return "Content-Length " + quoted(length) + " for " + std::to_string(wanted.length) + " bytes";
  }
  return "";
}

}  // namespace coldload::s3
