#include "core/run/digest_extension.hpp"

#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>

#include "coldload/cpp/failure.hpp"
#include "core/model/digest.hpp"

namespace coldload {
namespace {

RangeDigest& digest(void* self) {
  return *static_cast<RangeDigest*>(self);
}

void throw_unless(const Result<void>& result) {
  if (!result) {
    throw sdk::Failure(static_cast<coldload_status>(result.error().status), result.error().message);
  }
}

coldload_status begin(uint64_t size_bytes, void** out, coldload_error* error) {
  return sdk::guarded(error, [&] { *out = std::make_unique<RangeDigest>(size_bytes).release(); });
}

coldload_status add(void* self, uint64_t offset, const void* data, uint64_t length, coldload_error* error) {
  return sdk::guarded(error, [&] {
    throw_unless(digest(self).add(offset, std::span(static_cast<const std::byte*>(data), length)));
  });
}

coldload_status finish(void* self, char out_text[COLDLOAD_DIGEST_TEXT_BYTES], coldload_error* error) {
  return sdk::guarded(error, [&] {
    const auto found = digest(self).finish();
    if (!found) throw sdk::Failure(COLDLOAD_INTEGRITY, found.error().message);
    std::snprintf(out_text, COLDLOAD_DIGEST_TEXT_BYTES, "%s", found->hex().c_str());
  });
}

void end(void* self) {
  delete static_cast<RangeDigest*>(self);
}

constexpr coldload_digest_ops kDigestOps = {sizeof(coldload_digest_ops), 0, begin, add, finish, end};

}  // namespace

const coldload_digest_ops& digest_extension() {
  return kDigestOps;
}

}  // namespace coldload
