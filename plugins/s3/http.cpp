#include "http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "coldload/cpp/failure.hpp"
#include "http_slot.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;
using Clock = std::chrono::steady_clock;

void initialise_once() {
  static std::once_flag flag;
  std::call_once(flag, [] { require(curl_global_init(CURL_GLOBAL_DEFAULT), "to start"); });
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

struct FreeMulti {
  void operator()(CURLM* multi) const { (void)curl_multi_cleanup(multi); }
};

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

  void finish(CURL* easy, CURLcode code);
  void end_stalled();
  void conclude(size_t index, CURLcode code, bool stalled);
};

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
  // A proxy that refuses the way through looks like a connection that ends.
  long proxy_status = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (code != CURLE_OK && proxy_status >= 300) end.transport = Transport::proxy;
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
    slot = make_slot(state_->settings);
  } else {
    slot = std::move(state_->idle.back());
    state_->idle.pop_back();
  }
  prepare(*slot, request);
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
