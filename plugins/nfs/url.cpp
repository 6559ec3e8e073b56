#include "url.hpp"

#include <string_view>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/posix/key.hpp"
#include "coldload/cpp/redaction.hpp"

namespace coldload::nfs {
namespace {

sdk::Failure refused(const std::string& text, const std::string& why) {
  return {COLDLOAD_INVALID_OPTION, "url \"" + sdk::without_secrets(text).substr(0, 200) + "\": " + why};
}

int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

std::string decoded(const std::string& text, std::string_view part) {
  std::string out;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      out += part[i];
      continue;
    }
    const int high = i + 2 < part.size() ? hex_digit(part[i + 1]) : -1;
    const int low = i + 2 < part.size() ? hex_digit(part[i + 2]) : -1;
    if (high < 0 || low < 0)
      throw refused(text, "a '%' is followed by two hexadecimal digits; itself it is %25");
    // Said here: a message ends at a NUL byte, and with it the reason.
    if (high == 0 && low == 0) throw refused(text, "has a NUL byte");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string checked_server(const std::string& text, std::string_view authority) {
  if (authority.find('@') != std::string_view::npos) {
    throw refused(text, "has a user in it; who asks is said by the options uid and gid");
  }
  std::string_view server = authority;
  if (!authority.empty() && authority.front() == '[') {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) throw refused(text, "has a '[' without its ']'");
    server = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    server = authority.substr(0, authority.find(':'));
    authority.remove_prefix(server.size());
  }
  if (!authority.empty()) throw refused(text, "has a port in it; the option nfsport takes it");
  if (server.empty()) throw refused(text, "names no server; expected nfs://server/export/directory");
  for (const char letter : server) {
    if (letter <= ' ' || letter == 0x7f)
      throw refused(text, "the server's name has a blank or a control byte");
  }
  return std::string(server);
}

}  // namespace

Url parse_url(const std::string& text) {
  constexpr std::string_view kScheme = "nfs://";
  constexpr size_t kUrlBytesMax = 4096;
  if (text.size() > kUrlBytesMax) throw refused(text, "longer than 4096 bytes");
  std::string_view rest = text;
  if (rest.substr(0, kScheme.size()) != kScheme) {
    throw refused(text, "expected nfs://server/export/directory");
  }
  rest.remove_prefix(kScheme.size());
  if (rest.find_first_of("?#") != std::string_view::npos) {
    throw refused(text,
                  "has a '?' or '#' in it: version, nfsport, … are options of the backend, and in a name "
                  "they are written %3F and %23");
  }
  const size_t slash = rest.find('/');
  Url url;
  url.server = checked_server(text, rest.substr(0, slash));
  std::string path = slash == std::string_view::npos ? std::string() : decoded(text, rest.substr(slash + 1));
  if (!path.empty() && path.back() == '/') path.pop_back();
  try {
    sdk::posix::check_key(path, sdk::posix::KeyUse::prefix);
  } catch (const sdk::Failure& failure) {
    throw refused(text, failure.what());
  }
  url.path = "/" + path;
  return url;
}

}  // namespace coldload::nfs
