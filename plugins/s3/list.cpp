#include "list.hpp"

#include <utility>

#include "exchange.hpp"
#include "object.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

// Pages without a key that say there is more: legal, but not for ever.
constexpr uint32_t kEmptyPagesMax = 100;

class GetPage : public Exchange {
 public:
  GetPage(Service& service, std::string subject, std::string prefix, std::string token)
      : Exchange(service),
        subject_(std::move(subject)),
        prefix_(std::move(prefix)),
        token_(std::move(token)) {}

  ListPage page;

 protected:
  Plan plan() override {
    body_.clear();
    too_large_ = false;
    Plan plan;
    plan.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", prefix_}};
    if (!token_.empty()) plan.query.emplace_back("continuation-token", token_);
    return plan;
  }
  [[nodiscard]] std::string subject() const override { return subject_; }
  bool accept(const ResponseHead& head) noexcept override { return head.status == 200; }
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
    page = parse_list_page(subject_, body_, prefix_);
    return Verdict::finished;
  }

 private:
  std::string subject_;
  std::string prefix_;
  std::string token_;
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

}  // namespace

void list_objects(Service& service, const std::string& prefix, const sdk::ListCallback& callback) {
  const Config& config = service.config();
  std::string below = full_key(config, prefix);
  if (!below.empty()) below += '/';
  const size_t root_bytes = config.location.prefix.empty() ? 0 : config.location.prefix.size() + 1;
  const std::string subject = config.shown(prefix) + ": listing";
  std::string token;
  uint64_t keys = 0;
  uint64_t objects = 0;
  uint32_t empty_pages = 0;
  do {
    GetPage get(service, subject, below, token);
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
