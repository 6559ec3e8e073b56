// Objects: what they are (HEAD), and their bytes (ranged GETs that must be of the object as it was opened).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "coldload/cpp/backend.hpp"
#include "exchange.hpp"
#include "response.hpp"

namespace coldload::s3 {

// `key` is relative to the url's prefix.
[[nodiscard]] std::string full_key(const Config& config, const std::string& key);

// [control-thread] Reads no object bytes.
[[nodiscard]] Identity head_object(Service& service, const std::string& key);

class S3Object : public sdk::Object {
 public:
  S3Object(Service& service, std::string key, Identity identity)
      : service_(service), key_(std::move(key)), identity_(std::move(identity)) {}

  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] const Identity& identity() const { return identity_; }
  // Throws for a range past the end.
  void check_range(uint64_t offset, uint64_t length) const;

  void read_at(uint64_t offset, void* buffer, uint64_t length) override;

 private:
  Service& service_;
  std::string key_;
  Identity identity_;
};

// Reads a range in parts of at most part_size, one after the other. Object and buffer outlive it.
class RangeRead : public Exchange {
 public:
  RangeRead(Service& service, const S3Object& object, WantedRange range, void* buffer);

 protected:
  Plan plan() override;
  [[nodiscard]] std::string subject() const override;
  bool accept(const ResponseHead& head) noexcept override;
  bool take(const char* data, size_t length) noexcept override;
  Verdict judge(const Ended& ended) override;

 private:
  const S3Object& object_;
  WantedRange part_;  // Under way.
  uint64_t end_;      // Of the whole range.
  char* buffer_;      // Where the part goes.
  uint64_t received_ = 0;
  std::string fault_;
};

}  // namespace coldload::s3
