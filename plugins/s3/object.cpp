#include "object.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace coldload::s3 {
namespace {

using sdk::Failure;

std::string bytes_text(const WantedRange& range) {
  return std::to_string(range.offset) + "-" + std::to_string(range.offset + range.length - 1);
}

class HeadObject : public Exchange {
 public:
  HeadObject(Service& service, std::string key) : Exchange(service), key_(std::move(key)) {}

  Identity identity;

 protected:
  Plan plan() override {
    Plan plan;
    plan.method = "HEAD";
    plan.key = full_key(service_.config(), key_);
    return plan;
  }
  [[nodiscard]] std::string subject() const override { return service_.config().shown(key_); }
  bool accept(const ResponseHead& /*head*/) noexcept override { return true; }
  bool take(const char* /*data*/, size_t /*length*/) noexcept override { return true; }
  Verdict judge(const Ended& ended) override {
    const auto told = identity_of(ended.head);
    if (!told)
      throw Failure(COLDLOAD_INTEGRITY, subject() + ": the server's answer to HEAD has no Content-Length");
    identity = *told;
    return Verdict::finished;
  }

 private:
  std::string key_;
};

}  // namespace

std::string full_key(const Config& config, const std::string& key) {
  const std::string& prefix = config.location.prefix;
  if (prefix.empty() || key.empty()) return prefix + key;
  return prefix + "/" + key;
}

Identity head_object(Service& service, const std::string& key) {
  HeadObject head(service, key);
  perform(service, head);
  return head.identity;
}

void S3Object::check_range(uint64_t offset, uint64_t length) const {
  if (offset <= identity_.size_bytes && length <= identity_.size_bytes - offset) return;
  throw Failure(COLDLOAD_IO_ERROR, service_.config().shown(key_) + ": " + std::to_string(length) +
                                       " bytes at " + std::to_string(offset) +
                                       " are past the end, the object has " +
                                       std::to_string(identity_.size_bytes) + " bytes");
}

void S3Object::read_at(uint64_t offset, void* buffer, uint64_t length) {
  check_range(offset, length);
  if (length == 0) return;
  RangeRead read(service_, *this, {offset, length}, buffer);
  perform(service_, read);
}

RangeRead::RangeRead(Service& service, const S3Object& object, WantedRange range, void* buffer)
    : Exchange(service),
      object_(object),
      part_{range.offset, std::min(range.length, service.config().part_bytes)},
      end_(range.offset + range.length),
      buffer_(static_cast<char*>(buffer)) {}

Plan RangeRead::plan() {
  received_ = 0;
  fault_.clear();
  Plan plan;
  plan.key = full_key(service_.config(), object_.key());
  plan.headers.emplace_back("range", "bytes=" + bytes_text(part_));
  const std::string& etag = object_.identity().etag;
  if (!etag.empty()) plan.headers.emplace_back("if-match", etag);
  return plan;
}

std::string RangeRead::subject() const {
  return service_.config().shown(object_.key()) + ": bytes " + bytes_text(part_);
}

bool RangeRead::accept(const ResponseHead& head) noexcept {
  try {
    fault_ = fault_of_range(head, part_, object_.identity());
  } catch (...) {
    return false;
  }
  return fault_.empty();
}

bool RangeRead::take(const char* data, size_t length) noexcept {
  if (length > part_.length - received_) {
    // Small enough for the string's own space on every library: nothing is allocated here.
    fault_.assign("body too long");
    return false;
  }
  std::memcpy(buffer_ + received_, data, length);
  received_ += length;
  return true;
}

Exchange::Verdict RangeRead::judge(const Ended& ended) {
  // Without a body begin() was not called, and the head is still to be judged.
  if (fault_.empty() && received_ == 0) fault_ = fault_of_range(ended.head, part_, object_.identity());
  if (!fault_.empty()) {
    throw Failure(
        COLDLOAD_INTEGRITY,
        subject() + ": the answer cannot be trusted: " + fault_ + " (" + service_.config().where() + ")",
        -ended.head.status);
  }
  if (ended.transport == Transport::refused)
    throw Failure(COLDLOAD_OUT_OF_MEMORY, subject() + ": out of memory");
  if (received_ < part_.length) return Verdict::cut_short;
  buffer_ += part_.length;
  part_.offset += part_.length;
  part_.length = std::min(end_ - part_.offset, service_.config().part_bytes);
  return part_.length == 0 ? Verdict::finished : Verdict::send_next;
}

}  // namespace coldload::s3
