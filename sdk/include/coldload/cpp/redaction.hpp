// What of a URL a message or a record may show: the host and the path, never who asks or with what.
#pragma once

#include <string>
#include <string_view>

namespace coldload::sdk {

namespace detail {

// Where what follows "://" begins; 0 without one, as in "user:password@proxy:3128".
inline size_t after_scheme(std::string_view url) noexcept {
  const size_t scheme = url.find("://");
  return scheme == std::string_view::npos ? 0 : scheme + 3;
}

// "9000" of "host:9000/path@v2", where the colon before the '@' is no password's.
inline bool is_port(std::string_view text) noexcept {
  const std::string_view port = text.substr(0, text.find('/'));
  return port.size() < text.size() && port.size() <= 5 &&
         port.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace detail

// "http://***@host:80/x?***" of "http://user:pass/word@host:80/x?token=word": all before the last '@' of the
// text is hidden, since a password that nobody has encoded holds any letter, and so are the values of a
// query. What has neither stays as it is. [any-thread]
[[nodiscard]] inline std::string without_secrets(std::string_view url) {
  const size_t begin = detail::after_scheme(url);
  const size_t at = url.rfind('@');
  std::string shown(url.substr(0, begin));
  if (at != std::string_view::npos && at >= begin) {
    shown += "***";
    url.remove_prefix(at);
  } else {
    url.remove_prefix(begin);
  }
  const size_t query = url.find('?');
  shown += url.substr(0, query);
  if (query != std::string_view::npos) shown += "?***";
  return shown;
}

// Whether "user:password@" stands where a URL names its host; an '@' of the path alone is none.
// [any-thread]
[[nodiscard]] inline bool has_password(std::string_view url) noexcept {
  std::string_view rest = url.substr(detail::after_scheme(url));
  // An address of IPv6 is full of colons.
  if (!rest.empty() && rest.front() == '[') rest.remove_prefix(rest.find(']') + 1);
  const size_t at = rest.rfind('@');
  const size_t colon = rest.find(':');
  if (at == std::string_view::npos || colon > at) return false;
  // "s3://bucket/a:b@c": the colon is the path's as well.
  if (rest.find('/') < colon && rest.find('/') < rest.find('@')) return false;
  return !detail::is_port(rest.substr(colon + 1, at - colon - 1));
}

}  // namespace coldload::sdk
