#include "http.hpp"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "coldload/cpp/failure.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;
using Clock = std::chrono::steady_clock;

constexpr size_t kHeaderBytesMax = size_t{64} << 10;
// What curl reads at once and we copy on: large enough for few system calls, small enough to stay in a cache.
constexpr long kReceiveBytes = 256L << 10;

void require(CURLcode code, const char* what) {
  if (code != CURLE_OK) {
    throw Failure(COLDLOAD_INTERNAL,
                  std::string("s3: curl refuses ") + what + ": " + curl_easy_strerror(code));
  }
}

void initialise_once() {
  static std::once_flag flag;
  std::call_once(flag, [] { require(curl_global_init(CURL_GLOBAL_DEFAULT), "to start"); });
}

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

Transport transport_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return Transport::ok;
    case CURLE_WRITE_ERROR:
      return Transport::refused;
    case CURLE_COULDNT_RESOLVE_HOST:
      return Transport::dns;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:  // Only the connection has curl's timeout.
      return Transport::connect;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return Transport::proxy;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
      return Transport::tls;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return Transport::reset;
    default:
      return Transport::other;
  }
}

uint64_t info_ns(CURL* easy, CURLINFO info) {
  curl_off_t microseconds = 0;
  if (curl_easy_getinfo(easy, info, &microseconds) != CURLE_OK || microseconds < 0) return 0;
  return static_cast<uint64_t>(microseconds) * 1000;
}

std::string http_version_of(CURL* easy) {
  long version = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  if (version == CURL_HTTP_VERSION_1_0) return "1.0";
  return version == CURL_HTTP_VERSION_1_1 ? "1.1" : "unknown";
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { (void)curl_multi_cleanup(multi); }
};

// One request and, between two requests, the handle for the next.
struct Slot {
  std::unique_ptr<CURL, FreeEasy> easy;
  std::unique_ptr<curl_slist, FreeList> list;
  char error[CURL_ERROR_SIZE] = {};
  uint64_t id = 0;
  Sink* sink = nullptr;
  ResponseHead head;
  size_t header_bytes = 0;
  bool body_begun = false;
  bool connected = false;
  bool plain = true;
  std::string tls_version;
  Clock::time_point last_progress;
};

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

const std::string& ResponseHead::get(const std::string& name) const {
  static const std::string kNone;
  const auto found = headers.find(name);
  return found == headers.end() ? kNone : found->second;
}

struct Http::State {
  TransportSettings settings;
  std::vector<std::unique_ptr<Slot>> idle;
  std::vector<std::unique_ptr<Slot>> active;
  std::deque<Ended> ended;
  uint64_t next_id = 1;
  // Last: freed first, while its handles still live.
  std::unique_ptr<CURLM, FreeMulti> multi;

  std::unique_ptr<Slot> make_slot();
  void prepare(Slot& slot, const HttpRequest& request);
  void finish(CURL* easy, CURLcode code);
  void end_stalled();
  void conclude(size_t index, CURLcode code, bool stalled);
};

std::unique_ptr<Slot> Http::State::make_slot() {
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

void Http::State::prepare(Slot& slot, const HttpRequest& request) {
  std::unique_ptr<curl_slist, FreeList> list;
  for (const auto& [name, value] : request.headers) {
    curl_slist* longer = curl_slist_append(list.get(), (name + ": " + value).c_str());
    if (longer == nullptr) throw Failure(COLDLOAD_OUT_OF_MEMORY, "out of memory");
    (void)list.release();
    list.reset(longer);
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

void Http::State::conclude(size_t index, CURLcode code, bool stalled) {
  std::unique_ptr<Slot> slot = std::move(active[index]);
  active.erase(active.begin() + static_cast<std::ptrdiff_t>(index));
  CURL* easy = slot->easy.get();
  Ended end;
  end.id = slot->id;
  end.transport = stalled ? Transport::stalled : transport_of(code);
  if (stalled) {
    end.problem = "no byte for " + std::to_string(settings.stall_timeout_ms) + " ms";
  } else if (code != CURLE_OK) {
    end.problem = slot->error[0] != '\0' ? slot->error : curl_easy_strerror(code);
  }
  curl_off_t body = 0;
  long connections = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
  (void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
  end.wire_bytes = static_cast<uint64_t>(body) + slot->header_bytes;
  end.new_connections = static_cast<uint64_t>(connections);
  if (connections > 0) {
    const uint64_t named = info_ns(easy, CURLINFO_NAMELOOKUP_TIME_T);
    const uint64_t connected = info_ns(easy, CURLINFO_CONNECT_TIME_T);
    const uint64_t secured = info_ns(easy, CURLINFO_APPCONNECT_TIME_T);
    end.dns_ns = named;
    end.connect_ns = connected > named ? connected - named : 0;
    end.tls_ns = secured > connected ? secured - connected : 0;
  }
  end.http_version = slot->head.status != 0 ? http_version_of(easy) : "";
  end.tls_version = std::move(slot->tls_version);
  end.head = std::move(slot->head);
  (void)curl_multi_remove_handle(multi.get(), easy);
  slot->sink = nullptr;
  idle.push_back(std::move(slot));
  ended.push_back(std::move(end));
}

void Http::State::finish(CURL* easy, CURLcode code) {
  const auto found = std::find_if(active.begin(), active.end(),
                                  [easy](const auto& slot) { return slot->easy.get() == easy; });
  if (found != active.end()) conclude(static_cast<size_t>(found - active.begin()), code, false);
}

void Http::State::end_stalled() {
  const auto limit = std::chrono::milliseconds(settings.stall_timeout_ms);
  const auto now = Clock::now();
  for (size_t i = active.size(); i-- > 0;) {
    if (active[i]->connected && now - active[i]->last_progress > limit) conclude(i, CURLE_OK, true);
  }
}

Http::Http(const TransportSettings& settings) {
  initialise_once();
  state_ = std::make_unique<State>();
  state_->settings = settings;
  state_->multi.reset(curl_multi_init());
  if (!state_->multi) throw Failure(COLDLOAD_OUT_OF_MEMORY, "out of memory");
}

Http::~Http() {
  abort_all();
}

uint64_t Http::start(const HttpRequest& request, Sink& sink) {
  std::unique_ptr<Slot> slot;
  if (state_->idle.empty()) {
    slot = state_->make_slot();
  } else {
    slot = std::move(state_->idle.back());
    state_->idle.pop_back();
  }
  state_->prepare(*slot, request);
  slot->id = state_->next_id++;
  slot->sink = &sink;
  const CURLMcode added = curl_multi_add_handle(state_->multi.get(), slot->easy.get());
  if (added != CURLM_OK) {
    throw Failure(COLDLOAD_INTERNAL,
                  std::string("s3: curl refuses a request: ") + curl_multi_strerror(added));
  }
  state_->active.push_back(std::move(slot));
  return state_->active.back()->id;
}

void Http::step(int timeout_ms) {
  CURLM* multi = state_->multi.get();
  int running = 0;
  CURLMcode code = curl_multi_perform(multi, &running);
  const bool nothing_ended = running == static_cast<int>(state_->active.size());
  if (code == CURLM_OK && nothing_ended && timeout_ms > 0) {
    code = curl_multi_poll(multi, nullptr, 0, timeout_ms, nullptr);
    if (code == CURLM_OK) code = curl_multi_perform(multi, &running);
  }
  if (code != CURLM_OK) {
    throw Failure(COLDLOAD_INTERNAL, std::string("s3: curl failed: ") + curl_multi_strerror(code));
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) state_->finish(message->easy_handle, message->data.result);
  }
  state_->end_stalled();
}

std::optional<Ended> Http::take_ended() {
  if (state_->ended.empty()) return std::nullopt;
  std::optional<Ended> end(std::move(state_->ended.front()));
  state_->ended.pop_front();
  return end;
}

void Http::abort_all() noexcept {
  // A handle taken out amid its transfer closes its connection.
  for (const auto& slot : state_->active)
    (void)curl_multi_remove_handle(state_->multi.get(), slot->easy.get());
  state_->active.clear();
  state_->ended.clear();
}

}  // namespace coldload::s3
