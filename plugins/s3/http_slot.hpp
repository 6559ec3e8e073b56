// One handle of curl: set up once, then prepared for request after request. Part of http.cpp, which alone
// drives it.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>

#include "http.hpp"

namespace coldload::s3 {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
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
  std::chrono::steady_clock::time_point last_progress;
};

// Throws INTERNAL where curl refuses an option.
void require(CURLcode code, const char* what);
// A handle with all that does not change from request to request. It stays where it is: curl knows its
// address.
[[nodiscard]] std::unique_ptr<Slot> make_slot(const TransportSettings& settings);
void prepare(Slot& slot, const HttpRequest& request);

}  // namespace coldload::s3
