#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/run/stream_destination.hpp"

namespace coldload {
namespace {

BufferNeeds needs_of(uint64_t buffer_bytes) {
  BufferNeeds needs;
  needs.buffer_bytes = buffer_bytes;
  return needs;
}

// With the spare page a whole-file buffer of 1 GiB less a page is the longest that a ring can register.
TEST(StreamRegions, HoldABufferOfOneGiBWithItsSparePage) {
  StreamDestination stream;
  ASSERT_TRUE(stream.begin({}, needs_of(limits::kGiB - limits::kPageBytes)));
  ASSERT_EQ(stream.regions().size(), 1U);
  EXPECT_EQ(stream.regions()[0].length_bytes, limits::kGiB);
  coldload_buffer buffer{};
  ASSERT_TRUE(stream.acquire(0, 0, limits::kGiB - limits::kPageBytes, buffer));
  EXPECT_EQ(buffer.region, 0U);
}

TEST(StreamRegions, DoNotHoldALongerOneWhichWorksUnregistered) {
  StreamDestination stream;
  ASSERT_TRUE(stream.begin({}, needs_of(limits::kGiB - limits::kPageBytes + 1)));
  EXPECT_TRUE(stream.regions().empty());
  coldload_buffer buffer{};
  ASSERT_TRUE(stream.acquire(0, 0, limits::kGiB, buffer));
  EXPECT_EQ(buffer.region, COLDLOAD_NO_REGION);
  EXPECT_TRUE(stream.deliver(buffer));
}

}  // namespace
}  // namespace coldload
