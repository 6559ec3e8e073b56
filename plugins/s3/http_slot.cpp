#include "http_slot.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "coldload/cpp/failure.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;
using Clock = std::chrono::steady_clock;

constexpr size_t kHeaderBytesMax = size_t{64} << 10;
// What curl reads at once and we copy on: large enough for few system calls, small enough to stay in a cache.
constexpr long kReceiveBytes = 256L << 10;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// "HTTP/1.1 206 Partial Content" starts a response; those before it (100, a proxy's) are forgotten.
void take_header_line(Slot& slot, const std::string& line) {
  if (line.compare(0, 5, "HTTP/") == 0) {
    slot.head = {};
    const size_t blank = line.find(' ');
    for (size_t i = blank + 1; blank != std::string::npos && i < line.size() && i < blank + 4; ++i) {
      if (std::isdigit(static_cast<unsigned char>(line[i])) == 0) break;
      slot.head.status = slot.head.status * 10 + (line[i] - '0');
    }
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return;
  std::string name = lower(trimmed(line.substr(0, colon)));
  std::string value = trimmed(line.substr(colon + 1));
  // Two different lengths or ranges in one response are no answer to trust: the caller sees both.
  std::string& held = slot.head.headers[std::move(name)];
  held = held.empty() || held == value ? std::move(value) : held + ", " + value;
}

size_t on_header(char* data, size_t size, size_t count, void* self) noexcept {
  auto& slot = *static_cast<Slot*>(self);
  const size_t length = size * count;
  slot.last_progress = Clock::now();
  slot.header_bytes += length;
  if (slot.header_bytes > kHeaderBytesMax) return 0;
  try {
    take_header_line(slot, std::string(data, length));
  } catch (...) {
    return 0;
  }
  return length;
}

size_t on_body(char* data, size_t size, size_t count, void* self) noexcept {
  auto& slot = *static_cast<Slot*>(self);
  const size_t length = size * count;
  slot.last_progress = Clock::now();
  if (!slot.body_begun) {
    slot.body_begun = true;
    if (!slot.sink->begin(slot.head)) return 0;
  }
  return slot.sink->write(data, length) ? length : 0;
}

// Connected, the handshake done, nothing sent yet: from here on silence is a stall.
int on_connected(void* self, char*, char*, int, int) noexcept {
  auto& slot = *static_cast<Slot*>(self);
  slot.connected = true;
  slot.last_progress = Clock::now();
  if (slot.plain) return CURL_PREREQFUNC_OK;
  curl_tlssessioninfo* tls = nullptr;
  const CURLcode told = curl_easy_getinfo(slot.easy.get(), CURLINFO_TLS_SSL_PTR, &tls);
  if (told == CURLE_OK && tls != nullptr && tls->backend == CURLSSLBACKEND_OPENSSL &&
      tls->internals != nullptr) {
    try {
      slot.tls_version = SSL_get_version(static_cast<const SSL*>(tls->internals));
    } catch (...) {  // NOLINT(bugprone-empty-catch): without memory the version stays unknown
    }
  }
  return CURL_PREREQFUNC_OK;
}

}  // namespace

void require(CURLcode code, const char* what) {
  if (code != CURLE_OK) {
    throw Failure(COLDLOAD_INTERNAL,
                  std::string("s3: curl refuses ") + what + ": " + curl_easy_strerror(code));
  }
}

std::unique_ptr<Slot> make_slot(const TransportSettings& settings) {
  auto slot = std::make_unique<Slot>();
  slot->easy.reset(curl_easy_init());
  CURL* easy = slot->easy.get();
  if (easy == nullptr) throw Failure(COLDLOAD_OUT_OF_MEMORY, "out of memory");
  const auto set = [easy](CURLoption option, auto value, const char* what) {
    require(curl_easy_setopt(easy, option, value), what);
  };
  set(CURLOPT_NOSIGNAL, 1L, "to leave signals alone");
  set(CURLOPT_PROTOCOLS_STR, "http,https", "a limit on protocols");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1), "HTTP/1.1");
  // A key's own "/../" is part of its name.
  set(CURLOPT_PATH_AS_IS, 1L, "paths as they are");
  set(CURLOPT_FOLLOWLOCATION, 0L, "to follow nothing");
  set(CURLOPT_BUFFERSIZE, kReceiveBytes, "its buffer");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout_ms), "connect_timeout");
  // Never from the environment by itself: what is used was looked up and recorded. "" is none.
  set(CURLOPT_PROXY, settings.proxy.c_str(), "the proxy");
  set(CURLOPT_NOPROXY, settings.no_proxy.c_str(), "no_proxy");
  if (!settings.ca_file.empty()) set(CURLOPT_CAINFO, settings.ca_file.c_str(), "ca_file");
  set(CURLOPT_ERRORBUFFER, slot->error, "an error buffer");
  set(CURLOPT_HEADERFUNCTION, &on_header, "a callback");
  set(CURLOPT_HEADERDATA, slot.get(), "a callback");
  set(CURLOPT_WRITEFUNCTION, &on_body, "a callback");
  set(CURLOPT_WRITEDATA, slot.get(), "a callback");
  set(CURLOPT_PREREQFUNCTION, &on_connected, "a callback");
  set(CURLOPT_PREREQDATA, slot.get(), "a callback");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L, "to hide a proxy's headers");
  set(CURLOPT_TCP_KEEPALIVE, 1L, "keepalive");
  return slot;
}

void prepare(Slot& slot, const HttpRequest& request) {
  std::unique_ptr<curl_slist, FreeList> list;
  std::string line;
  for (const auto& [name, value] : request.headers) {
    line = name;
    line += ": ";
    line += value;
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw Failure(COLDLOAD_OUT_OF_MEMORY, "out of memory");
    // The same list, or its first entry: owned once.
    if (list.get() != longer) list.reset(longer);
  }
  CURL* easy = slot.easy.get();
  require(curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str()), "the URL");
  require(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list.get()), "the headers");
  // In this order: NOBODY makes it a HEAD, HTTPGET a GET again.
  if (request.method == "HEAD") {
    require(curl_easy_setopt(easy, CURLOPT_NOBODY, 1L), "HEAD");
  } else {
    require(curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L), "GET");
  }
  slot.list = std::move(list);
  slot.error[0] = '\0';
  slot.head = {};
  slot.header_bytes = 0;
  slot.body_begun = false;
  slot.connected = false;
  slot.plain = request.url.compare(0, 7, "http://") == 0;
  slot.tls_version = slot.plain ? "none" : "";
  slot.last_progress = Clock::now();
}

}  // namespace coldload::s3
