// Backend "http": the files below a URL of any web server, named by a checksum list beside them.
#include <curl/curl.h>
#include <openssl/evp.h>

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/posix/key.hpp"
#include "coldload/cpp/probing.hpp"
#include "coldload/cpp/redaction.hpp"

namespace coldload::http {
namespace {

using sdk::Failure;
constexpr size_t kListBytesMax = 16 << 20;  // 100 000 names, which is more than a model has

// What is asked for, and how much of it came.
struct Exchange {
  std::string key;
  std::string range = {};  // "0-4095"; "": all of it
  char* into = nullptr;    // nullptr: only the headers are asked for
  size_t room = 0, received = 0;
  curl_off_t length = -1;    // of the answer
  curl_off_t modified = -1;  // when, in seconds since 1970; -1: the server does not tell
};

size_t take(char* data, size_t, size_t bytes, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (bytes > exchange.room - exchange.received) return 0;
  std::memcpy(exchange.into + exchange.received, data, bytes);
  exchange.received += bytes;
  return bytes;
}

coldload_status status_of(long http) {
  if (http == 404 || http == 410) return COLDLOAD_NOT_FOUND;
  return http == 401 || http == 403 ? COLDLOAD_PERMISSION_DENIED : COLDLOAD_IO_ERROR;
}

// A connection that is kept for the next request.
struct Connection {
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi{curl_multi_init(), &curl_multi_cleanup};
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy{curl_easy_init(), &curl_easy_cleanup};
};

// Has as many connections as there were threads at once.
class Server {
 public:
  Server(sdk::Host host, const sdk::Options& options)
      : host_(host),
        url_(options.text("url")),
        ca_file_(options.path("ca_file")),
        timeout_ms_(static_cast<long>(options.duration_ns("timeout") / 1'000'000)) {
    while (!url_.empty() && url_.back() == '/') url_.pop_back();
    const std::string shown = "url is \"" + sdk::without_secrets(url_) + "\": ";
    if (url_.rfind("http://", 0) != 0 && url_.rfind("https://", 0) != 0)
      throw Failure(COLDLOAD_INVALID_OPTION, shown + "expected https://HOST/PATH");
    if (url_.find_first_of("@?#") != std::string::npos)
      throw Failure(COLDLOAD_INVALID_OPTION,
                    shown + "results would show a user or a query; in a name '@' is %40, '?' %3F, '#' %23");
  }

  [[nodiscard]] std::string at(const std::string& key) const { return url_ + "/" + key; }
  Failure failure(coldload_status status, const std::string& key, const std::string& why) const {
    return {status, at(key) + ": " + why};
  }

  // Throws unless the answer is whole and has the status that was asked for. Any thread.
  void perform(Exchange& exchange) {
    Connection connection = idle();
    CURL* curl = connection.easy.get();
    set_up(curl, exchange);
    const CURLcode code = wait(connection);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &exchange.length);
    curl_easy_getinfo(curl, CURLINFO_FILETIME_T, &exchange.modified);
    const bool whole = exchange.range.empty();
    const std::string what = at(exchange.key) + (whole ? "" : ": bytes " + exchange.range);
    if (host_.cancelled()) throw Failure(COLDLOAD_CANCELLED, what + ": cancelled");
    if (status == 200 && !whole) throw Failure(COLDLOAD_UNSUPPORTED, what + ": the server serves no ranges");
    if (status != 0 && status != (whole ? 200 : 206))
      throw Failure(status_of(status), what + ": HTTP status " + std::to_string(status),
                    -static_cast<int>(status));
    if (code != CURLE_OK) throw Failure(COLDLOAD_IO_ERROR, what + ": " + curl_easy_strerror(code), 0, true);
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(connection));
  }

 private:
  [[nodiscard]] Connection idle() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return {};
    Connection connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  void set_up(CURL* curl, Exchange& exchange) const {
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, escaped(curl, exchange.key).c_str());
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // Else libcurl would look into the environment.
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FILETIME, 1L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOBODY, exchange.into == nullptr ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms_);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, timeout_ms_ / 1000);
    if (!ca_file_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file_.c_str());
    if (!exchange.range.empty()) curl_easy_setopt(curl, CURLOPT_RANGE, exchange.range.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  }

  // Until the answer is whole, or the run stops: curl_easy_perform() would notice that a second later.
  [[nodiscard]] CURLcode wait(const Connection& connection) const {
    curl_multi_add_handle(connection.multi.get(), connection.easy.get());
    for (int running = 1; running != 0 && !host_.cancelled();) {
      if (curl_multi_perform(connection.multi.get(), &running) != CURLM_OK) break;
      if (running != 0) curl_multi_poll(connection.multi.get(), nullptr, 0, 50, nullptr);  // ms
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(connection.multi.get(), &left);
    const CURLcode code = message == nullptr ? CURLE_ABORTED_BY_CALLBACK : message->data.result;
    curl_multi_remove_handle(connection.multi.get(), connection.easy.get());
    return code;
  }

  [[nodiscard]] std::string escaped(CURL* curl, const std::string& key) const {
    char* text = curl_easy_escape(curl, key.c_str(), static_cast<int>(key.size()));
    std::string out = at(text == nullptr ? "" : text);
    curl_free(text);
    for (size_t i = out.find("%2F"); i != std::string::npos; i = out.find("%2F", i)) out.replace(i, 3, "/");
    return out;
  }

  sdk::Host host_;
  std::string url_;
  std::string ca_file_;
  long timeout_ms_;
  std::mutex mutex_;
  std::vector<Connection> idle_;
};

std::string sha256_of(const void* data, size_t length) {
  unsigned char digest[32] = {};
  EVP_Digest(data, length, digest, nullptr, EVP_sha256(), nullptr);
  std::string text;
  for (const unsigned char b : digest) text += {"0123456789abcdef"[b >> 4], "0123456789abcdef"[b & 15]};
  return text;
}

class HttpObject : public sdk::Object {
 public:
  // `sha256` is what the list says; "" where nothing is to be compared.
  HttpObject(Server& server, std::string key, const Exchange& head, std::string sha256)
      : server_(server),
        key_(std::move(key)),
        size_bytes_(static_cast<uint64_t>(head.length)),
        version_(head.modified < 0 ? "" : "modified-" + std::to_string(head.modified)),
        sha256_(std::move(sha256)) {}

  // "" where the server tells nothing that it could be.
  [[nodiscard]] const std::string& version() const { return version_; }

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    const std::string range = std::to_string(offset) + "-" + std::to_string(offset + length - 1);
    if (offset > size_bytes_ || length > size_bytes_ - offset)
      throw server_.failure(COLDLOAD_IO_ERROR, key_, "bytes " + range + " are past its end");
    Exchange exchange{key_, range, static_cast<char*>(buffer), length};
    server_.perform(exchange);
    if (exchange.received != length) throw server_.failure(COLDLOAD_IO_ERROR, key_, "it has become shorter");
    if (!sha256_.empty() && length == size_bytes_ && sha256_of(buffer, length) != sha256_)
      throw server_.failure(COLDLOAD_INTEGRITY, key_, "its SHA-256 is not the list's " + sha256_);
  }

 private:
  Server& server_;
  std::string key_;
  uint64_t size_bytes_;
  std::string version_;
  std::string sha256_;
};

class HttpBackend : public sdk::Backend {
 public:
  HttpBackend(sdk::Host host, const sdk::Options& options)
      : host_(host), web_(host, options), list_(options.text("list")), verify_(options.boolean("verify")) {}

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    sdk::posix::check_key(prefix, sdk::posix::KeyUse::prefix);
    bool found = false;
    for (const auto& [key, sha256] : listed()) {
      if (!prefix.empty() && key.rfind(prefix + "/", 0) != 0) continue;
      callback(key, static_cast<uint64_t>(head_of(key).length));
      found = true;
    }
    if (!found) throw web_.failure(COLDLOAD_NOT_FOUND, list_, "names nothing below \"" + prefix + "\"");
  }

  coldload_object_info probe(const std::string& prefix, uint32_t open_flags) override {
    return sdk::probe_by_opening(*this, host_, web_.at(prefix), prefix, open_flags);
  }

  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t, coldload_object_info& info) override {
    sdk::posix::check_key(key, sdk::posix::KeyUse::object);
    const Exchange head = head_of(key);
    info.size_bytes = static_cast<uint64_t>(head.length);
    info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE;
    auto object = std::make_unique<HttpObject>(web_, key, head, verify_ ? listed()[key] : "");
    if (!object->version().empty()) info.version = object->version().c_str();
    return object;
  }

 private:
  [[nodiscard]] Exchange head_of(const std::string& key) {
    Exchange head{key};
    web_.perform(head);
    if (head.length < 0) throw web_.failure(COLDLOAD_UNSUPPORTED, key, "the server tells no size");
    return head;
  }

  // Lines as sha256sum writes them: 64 digits, a blank, a blank or '*', the key.
  std::map<std::string, std::string>& listed() {
    if (!listed_.empty()) return listed_;
    std::string text(kListBytesMax, '\0');
    Exchange exchange{list_, "", text.data(), text.size()};
    web_.perform(exchange);
    std::istringstream lines(text.substr(0, exchange.received));
    for (std::string line; std::getline(lines, line);) {
      if (line.size() < 67 || line.find_first_not_of("0123456789abcdef") != 64)
        throw web_.failure(COLDLOAD_INTEGRITY, list_, "no line of sha256sum: " + line.substr(0, 99));
      listed_[line.substr(66)] = line.substr(0, 64);
    }
    return listed_;
  }

  sdk::Host host_;
  Server web_;
  std::string list_;
  bool verify_;
  std::map<std::string, std::string> listed_;  // SHA-256 by key
};

constexpr coldload_option kOptions[] = {
    sdk::string_option("url", nullptr, "the directory that model paths start from: https://HOST/PATH"),
    sdk::string_option("list", "SHA256SUMS", "SHA-256 and name of every object, as sha256sum writes them"),
    sdk::bool_option("verify", "false", "compare an object that is read at once with the list"),
    sdk::duration_option("timeout", "20 s", {"1 s", "1 h"}, "to connect, and without a byte"),
    sdk::path_option("ca_file", "", "certificates to trust instead of the system's"),
};
constexpr const char* kSchemes[] = {"http", "https", nullptr};
constexpr coldload_component kHttp = sdk::backend_component<HttpBackend>(
    "http", "files of a web server, named by a checksum list beside them", kOptions, kSchemes);

}  // namespace
}  // namespace coldload::http

COLDLOAD_EXPORT_PLUGIN("org.coldload.http", "0.1.0", "coldload", &coldload::http::kHttp);
