#include "list.hpp"

#include <string_view>
#include <unordered_set>
#include <utility>

#include "exchange.hpp"
#include "key.hpp"
#include "object.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

// Pages without a key that say there is more: legal, but not for ever.
constexpr uint32_t kEmptyPagesMax = 100;

struct AskedPage {
  std::string prefix;     // Full; "" or with its '/'.
  std::string token;      // Of the page before.
  uint32_t keys_max = 0;  // 0: as many as the server likes.
};

class GetPage : public Exchange {
 public:
  GetPage(Service& service, std::string subject, AskedPage asked)
      : Exchange(service), subject_(std::move(subject)), asked_(std::move(asked)) {}

  ListPage page;
  ResponseHead head;

 protected:
  Plan plan() override {
    body_.clear();
    too_large_ = false;
    Plan plan;
    plan.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", asked_.prefix}};
    if (!asked_.token.empty()) plan.query.emplace_back("continuation-token", asked_.token);
    if (asked_.keys_max != 0) plan.query.emplace_back("max-keys", std::to_string(asked_.keys_max));
    return plan;
  }
  [[nodiscard]] std::string subject() const override { return subject_; }
  bool accept(const ResponseHead& answer) noexcept override { return answer.status == 200; }
  bool take(const char* data, size_t length) noexcept override {
    too_large_ = body_.size() + length > kListPageBytesMax;
    if (too_large_) return false;
    try {
      body_.append(data, length);
      return true;
    } catch (...) {
      return false;
    }
  }
  Verdict judge(const Ended& ended) override {
    if (too_large_) throw Failure(COLDLOAD_INTEGRITY, subject_ + ": a page of more than 8 MiB");
    if (ended.transport == Transport::refused || ended.head.status != 200) {
      throw Failure(COLDLOAD_INTEGRITY, subject_ + ": status " + std::to_string(ended.head.status) +
                                            " to a listing, expected 200");
    }
    page = parse_list_page(subject_ + " (" + service_.config().where() + ")", body_, asked_.prefix);
    head = ended.head;
    return Verdict::finished;
  }

 private:
  std::string subject_;
  AskedPage asked_;
  std::string body_;
  bool too_large_ = false;
};

// Hands the keys of pages on, and refuses those that can be no objects' here.
class Taker {
 public:
  Taker(const Config& config, std::string subject, const sdk::ListCallback& callback)
      : config_(config), subject_(std::move(subject)), callback_(callback) {}

  void take(const ListPage& page) {
    const std::string& prefix = config_.location.prefix;
    const size_t root_bytes = prefix.empty() ? 0 : prefix.size() + 1;
    for (const ListedKey& listed : page.keys) {
      // A folder's marker.
      if (listed.key.back() == '/') continue;
      check(listed.key, std::string_view(listed.key).substr(root_bytes));
      callback_(listed.key.substr(root_bytes), listed.size_bytes);
    }
  }
  [[nodiscard]] bool took_none() const { return seen_.empty(); }

 private:
  void check(const std::string& key, std::string_view relative) {
    if (const std::string_view fault = fault_of_listed_key(relative); !fault.empty()) {
      throw refusal(
          COLDLOAD_UNSUPPORTED, key,
          ", which " + std::string(fault) +
              ": rename that object, or name a prefix in url and [model] path that it is not below");
    }
    if (!seen_.insert(key).second) {
      throw refusal(COLDLOAD_INTEGRITY, key,
                    " twice: the server's listing is wrong, or the endpoint is not an S3 server's");
    }
  }

  [[nodiscard]] Failure refusal(coldload_status status, const std::string& key,
                                const std::string& why) const {
    return {status,
            subject_ + ": the server (" + config_.where() + ") lists the key " + quoted_key(key) + why};
  }

  const Config& config_;
  std::string subject_;
  const sdk::ListCallback& callback_;
  std::unordered_set<std::string> seen_;
};

std::string full_prefix(const Config& config, const std::string& prefix) {
  std::string below = full_key(config, prefix);
  if (!below.empty()) below += '/';
  return below;
}

}  // namespace

ResponseHead list_first_key(Service& service, const std::string& prefix) {
  const Config& config = service.config();
  GetPage get(service, config.shown(prefix) + ": listing", {full_prefix(config, prefix), "", 1});
  perform(service, get);
  return get.head;
}

void list_objects(Service& service, const std::string& prefix, const sdk::ListCallback& callback) {
  const Config& config = service.config();
  const std::string below = full_prefix(config, prefix);
  const std::string subject = config.shown(prefix) + ": listing";
  Taker taker(config, subject, callback);
  std::string token;
  uint64_t keys = 0;
  uint32_t empty_pages = 0;
  do {
    GetPage get(service, subject, {below, token, 0});
    perform(service, get);
    keys += get.page.keys.size();
    if (keys > kListKeysMax) throw Failure(COLDLOAD_UNSUPPORTED, subject + ": more than 1000000 keys");
    empty_pages = get.page.keys.empty() ? empty_pages + 1 : 0;
    const bool repeats = !token.empty() && get.page.next_token == token;
    if (repeats || empty_pages > kEmptyPagesMax) {
      throw Failure(COLDLOAD_INTEGRITY, subject + ": the server's pages do not end");
    }
    taker.take(get.page);
    token = std::move(get.page.next_token);
  } while (!token.empty());
  if (taker.took_none()) {
    throw Failure(COLDLOAD_NOT_FOUND, config.shown(prefix) + ": no object below it (" + config.where() +
                                          "); check url and [model] path");
  }
}

}  // namespace coldload::s3
