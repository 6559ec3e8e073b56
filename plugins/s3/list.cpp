#include "list.hpp"

#include <utility>

#include "exchange.hpp"
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

// Hands the keys of one page on, and says how many objects were among them.
uint64_t take_page(const ListPage& page, size_t root_bytes, const sdk::ListCallback& callback) {
  uint64_t objects = 0;
  for (const ListedKey& listed : page.keys) {
    if (listed.key.back() == '/') continue;
    callback(listed.key.substr(root_bytes), listed.size_bytes);
    ++objects;
  }
  return objects;
}

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
  const size_t root_bytes = config.location.prefix.empty() ? 0 : config.location.prefix.size() + 1;
  const std::string subject = config.shown(prefix) + ": listing";
  std::string token;
  uint64_t keys = 0;
  uint64_t objects = 0;
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
    objects += take_page(get.page, root_bytes, callback);
    token = std::move(get.page.next_token);
  } while (!token.empty());
  if (objects == 0) {
    throw Failure(COLDLOAD_NOT_FOUND, config.shown(prefix) + ": no object below it (" + config.where() +
                                          "); check url and [model] path");
  }
}

}  // namespace coldload::s3
