#include "core/run/destination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <thread>

#include "core/base/limits.hpp"
#include "core/run/counters.hpp"
#include "core/run/host_destination.hpp"
#include "core/run/stream_destination.hpp"

namespace coldload {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kPage = limits::kPageBytes;

std::string complaint(const Result<void>& result) {
  return result ? "(accepted)" : result.error().message;
}

BufferNeeds needs_of(uint64_t buffer_bytes, uint32_t in_flight) {
  BufferNeeds needs;
  needs.buffer_bytes = buffer_bytes;
  needs.buffers_in_flight = in_flight;
  return needs;
}

// Sixteen bytes past a page, odd lengths, the last byte, nothing at all.
class EveryDestination : public ::testing::TestWithParam<const char*> {
 protected:
  void begin(std::vector<uint64_t> item_bytes, const BufferNeeds& needs) {
    destination = make_destination(GetParam());
    ASSERT_NE(destination, nullptr);
    const auto begun = destination->begin(item_bytes, needs);
    ASSERT_TRUE(begun) << begun.error().message;
  }
  // Inside the region it names, if any.
  void expect_fits(const coldload_buffer& buffer) const {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data) % kPage, buffer.offset % kPage);
    if (buffer.region == COLDLOAD_NO_REGION) return;
    ASSERT_LT(buffer.region, destination->regions().size());
    const coldload_region& region = destination->regions()[buffer.region];
    EXPECT_LE(region.length_bytes, limits::kRegionBytesMax);
    const auto* begin = static_cast<const std::byte*>(region.data);
    const auto* data = static_cast<const std::byte*>(buffer.data);
    EXPECT_GE(data, begin);
    EXPECT_LE(data + buffer.length, begin + region.length_bytes);
  }

  std::unique_ptr<Destination> destination;
};

TEST_P(EveryDestination, GivesBuffersCongruentToTheirFileOffset) {
  begin({1'000'000, 4096, 1}, needs_of(10'000, 3));
  for (const uint64_t offset : {0U, 16U, 4095U, 4096U, 10'000U, 999'999U}) {
    coldload_buffer buffer{};
    const uint64_t length = std::min<uint64_t>(10'000, 1'000'000 - offset);
    ASSERT_TRUE(destination->acquire(0, offset, length, buffer));
    expect_fits(buffer);
    EXPECT_EQ(buffer.length, length);
    EXPECT_TRUE(destination->deliver(buffer));
  }
}

TEST_P(EveryDestination, HasRoomForTheLengthRoundedUpToTheAlignment) {
  for (const uint32_t alignment : {1U, 512U, 4096U, 65'536U}) {
    BufferNeeds needs = needs_of(65'536, 2);
    needs.alignment_bytes = alignment;
    begin({65'536 + 77}, needs);
    for (const uint64_t offset : {uint64_t{0}, uint64_t{65'536}}) {
      coldload_buffer buffer{};
      ASSERT_TRUE(destination->acquire(0, offset, std::min<uint64_t>(65'536, 65'613 - offset), buffer));
      EXPECT_GE(buffer.capacity_bytes, round_up(buffer.length, alignment)) << alignment << " at " << offset;
      expect_fits(buffer);
      // All of it is ours to write.
      std::memset(buffer.data, 0x5A, round_up(buffer.length, alignment));
      EXPECT_TRUE(destination->deliver(buffer));
    }
  }
}

TEST_P(EveryDestination, RefusesABufferTwiceOrNeverAcquired) {
  begin({4096}, needs_of(4096, 2));
  coldload_buffer buffer{};
  ASSERT_TRUE(destination->acquire(0, 0, 4096, buffer));
  EXPECT_EQ(destination->outstanding(), 1U);
  EXPECT_TRUE(destination->deliver(buffer));
  EXPECT_EQ(destination->outstanding(), 0U);
  EXPECT_THAT(complaint(destination->deliver(buffer)), HasSubstr("a buffer was delivered"));
  buffer.token = 4711;
  EXPECT_THAT(complaint(destination->deliver(buffer)), HasSubstr("acquired"));
  EXPECT_EQ(destination->outstanding(), 0U);
}

TEST_P(EveryDestination, TakesBackButRefusesABufferWhoseDescriptionWasChanged) {
  begin({8192, 8192}, needs_of(4096, 1));
  for (const int field : {0, 1, 2}) {
    coldload_buffer buffer{};
    ASSERT_TRUE(destination->acquire(0, 4096, 4096, buffer));
    if (field == 0) buffer.item = 1;
    if (field == 1) buffer.offset = 0;
    if (field == 2) buffer.length = 4095;
    EXPECT_THAT(complaint(destination->deliver(buffer)),
                ::testing::EndsWith("it was acquired for 4096+4096 of 0"));
    EXPECT_EQ(destination->outstanding(), 0U);
  }
}

TEST_P(EveryDestination, ShowsTheObserverTheBytesThatLanded) {
  begin({100}, needs_of(100, 1));
  std::string seen;
  destination->observe([&seen](uint32_t item, uint64_t offset, std::span<const std::byte> bytes) {
    EXPECT_EQ(item, 0U);
    EXPECT_EQ(offset, 10U);
    seen.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return seen == "refuse" ? Result<void>(fail(Status::integrity, "not these bytes")) : Result<void>{};
  });
  for (const std::string text : {"hello", "refuse"}) {
    coldload_buffer buffer{};
    ASSERT_TRUE(destination->acquire(0, 10, text.size(), buffer));
    std::memcpy(buffer.data, text.data(), text.size());
    EXPECT_EQ(complaint(destination->deliver(buffer)), text == "refuse" ? "not these bytes" : "(accepted)");
    EXPECT_EQ(seen, text);
    EXPECT_EQ(destination->outstanding(), 0U);
  }
}

TEST_P(EveryDestination, CopiesMappedMemoryWholeWhateverItsLength) {
  std::string file(3 * limits::kMiB + 77, '\0');
  std::iota(file.begin(), file.end(), char{0});
  begin({file.size()}, needs_of(0, 1));
  std::string seen(file.size(), '?');
  destination->observe([&](uint32_t, uint64_t offset, std::span<const std::byte> bytes) {
    EXPECT_NE(static_cast<const void*>(bytes.data()), file.data() + offset);
    std::memcpy(seen.data() + offset, bytes.data(), bytes.size());
    return Result<void>{};
  });
  EXPECT_TRUE(destination->deliver_mapped(0, 0, 5, reinterpret_cast<const std::byte*>(file.data())));
  EXPECT_TRUE(destination->deliver_mapped(0, 5, file.size() - 5,
                                          reinterpret_cast<const std::byte*>(file.data()) + 5));
  EXPECT_TRUE(destination->deliver_mapped(0, file.size(), 0, nullptr));
  EXPECT_EQ(seen, file);
  EXPECT_EQ(destination->outstanding(), 0U);
}

TEST_P(EveryDestination, GivesNothingOnceItIsCancelled) {
  begin({8192}, needs_of(4096, 2));
  destination->cancel();
  coldload_buffer buffer{};
  const auto acquired = destination->acquire(0, 0, 4096, buffer);
  ASSERT_FALSE(acquired);
  EXPECT_EQ(acquired.error().status, Status::cancelled);
  const std::string page(4096, 'x');
  EXPECT_EQ(
      complaint(destination->deliver_mapped(0, 0, 4096, reinterpret_cast<const std::byte*>(page.data()))),
      "the run was stopped");
}

INSTANTIATE_TEST_SUITE_P(Destinations, EveryDestination, ::testing::Values("stream", "host"),
                         [](const auto& name) { return std::string(name.param); });

TEST(Destination, OfAnotherNameIsNone) {
  EXPECT_EQ(make_destination("tape"), nullptr);
}

TEST(Stream, RefusesAPoolSmallerThanWhatIsInFlightAndNamesTheFigure) {
  StreamDestination stream;
  BufferNeeds needs = needs_of(limits::kMiB, 4);
  // Each buffer has a spare page.
  needs.pool_bytes = 4 * (limits::kMiB + kPage) - 1;
  const auto begun = stream.begin({}, needs);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().status, Status::unsupported);
  EXPECT_EQ(
      begun.error().message,
      "a pool of 4.21 MB holds 3 buffers of 1028 KiB, the strategy has 4 in flight: raise [run] pool to "
      "4112 KiB");
  needs.pool_bytes = 4 * (limits::kMiB + kPage);
  StreamDestination enough;
  EXPECT_TRUE(enough.begin({}, needs));
}

TEST(Stream, HasAsManyBuffersAsThePoolHolds) {
  StreamDestination stream;
  BufferNeeds needs = needs_of(kPage, 2);
  needs.pool_bytes = 5 * 2 * kPage;
  ASSERT_TRUE(stream.begin({}, needs));
  std::vector<coldload_buffer> held(5);
  for (coldload_buffer& buffer : held) ASSERT_TRUE(stream.acquire(0, 0, 1, buffer));
  EXPECT_EQ(stream.outstanding(), 5U);
  for (const coldload_buffer& buffer : held) EXPECT_TRUE(stream.deliver(buffer));
}

TEST(Stream, RefusesALongerBufferThanTheStrategyRequired) {
  StreamDestination stream;
  ASSERT_TRUE(stream.begin({}, needs_of(kPage, 1)));
  coldload_buffer buffer{};
  EXPECT_EQ(complaint(stream.acquire(0, 0, 2 * kPage + 1, buffer)),
            "the strategy asked for a buffer of 8193 bytes, its requirements said 4096");
  EXPECT_FALSE(stream.acquire(0, 1, 2 * kPage, buffer));
  EXPECT_TRUE(stream.acquire(0, 4095, kPage, buffer));
}

// A thread that waits in acquire() until `wake` is called.
Result<void> acquire_while_empty(StreamDestination& stream, const std::function<void()>& wake) {
  std::atomic<bool> done{false};
  Result<void> acquired;
  std::thread waiter([&] {
    coldload_buffer buffer{};
    acquired = stream.acquire(0, 0, 1, buffer);
    done = true;
    if (acquired) acquired = stream.deliver(buffer);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(done);
  wake();
  waiter.join();
  return acquired;
}

TEST(Stream, WaitsWhileThePoolIsEmptyAndWakesWhenABufferComesBack) {
  StreamDestination stream;
  ASSERT_TRUE(stream.begin({}, needs_of(kPage, 1)));
  coldload_buffer held{};
  ASSERT_TRUE(stream.acquire(0, 0, 1, held));
  EXPECT_TRUE(acquire_while_empty(stream, [&] { EXPECT_TRUE(stream.deliver(held)); }));
}

TEST(Stream, WakesAWaitingAcquireWhenTheRunStops) {
  StreamDestination stream;
  ASSERT_TRUE(stream.begin({}, needs_of(kPage, 1)));
  coldload_buffer held{};
  ASSERT_TRUE(stream.acquire(0, 0, 1, held));
  const auto acquired = acquire_while_empty(stream, [&] { stream.cancel(); });
  ASSERT_FALSE(acquired);
  EXPECT_EQ(acquired.error().status, Status::cancelled);
  // What was held still comes back.
  EXPECT_TRUE(stream.deliver(held));
  EXPECT_EQ(stream.outstanding(), 0U);
}

TEST(Stream, LendsNoBufferToTwoThreadsAtOnce) {
  StreamDestination stream;
  ASSERT_TRUE(stream.begin({}, needs_of(kPage, 3)));
  stream.observe([](uint32_t item, uint64_t, std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) EXPECT_EQ(byte, static_cast<std::byte>(item));
    return Result<void>{};
  });
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&stream, thread] {
      for (int i = 0; i < 300; ++i) {
        coldload_buffer buffer{};
        ASSERT_TRUE(stream.acquire(thread, 0, 64, buffer));
        std::memset(buffer.data, static_cast<int>(thread), 64);
        ASSERT_TRUE(stream.deliver(buffer));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stream.outstanding(), 0U);
}

TEST(Stream, OnlyTouchesMappedMemoryWhereTheCaseSaysSo) {
  StreamDestination stream;
  ASSERT_TRUE(stream.begin({}, needs_of(0, 1)));
  stream.set_mapped_delivery(MappedDelivery::touch);
  const std::string file(100'000, 'm');
  const std::byte* observed = nullptr;
  stream.observe([&](uint32_t, uint64_t, std::span<const std::byte> bytes) {
    observed = bytes.data();
    EXPECT_EQ(bytes.size(), file.size());
    return Result<void>{};
  });
  const auto* data = reinterpret_cast<const std::byte*>(file.data());
  EXPECT_TRUE(stream.deliver_mapped(0, 0, file.size(), data));
  EXPECT_EQ(observed, data);
}

TEST(Stream, HasNoMemoryForAStrategyThatDeliversNothing) {
  StreamDestination stream;
  const uint64_t before = resident_memory().anonymous_bytes;
  BufferNeeds needs = needs_of(0, 0);
  needs.pool_bytes = 64 * limits::kMiB;
  ASSERT_TRUE(stream.begin({}, needs));
  EXPECT_TRUE(stream.regions().empty());
  EXPECT_LT(resident_memory().anonymous_bytes, before + limits::kMiB);
  coldload_buffer buffer{};
  const std::string byte = "x";
  for (const auto& refused :
       {stream.acquire(0, 0, 1, buffer),
        stream.deliver_mapped(0, 0, 1, reinterpret_cast<const std::byte*>(byte.data()))}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "the strategy's requirements said no buffer is in flight, and it delivers");
  }
}

TEST(Stream, NeedsNoMoreMemoryForALongerModel) {
  StreamDestination stream;
  ASSERT_TRUE(stream.begin({}, needs_of(64 * limits::kKiB, 4)));
  const uint64_t before = resident_memory().anonymous_bytes;
  for (uint64_t chunk = 0; chunk < 4000; ++chunk) {
    coldload_buffer buffer{};
    ASSERT_TRUE(stream.acquire(0, chunk * 64 * limits::kKiB, 64 * limits::kKiB, buffer));
    std::memset(buffer.data, 1, 4096);
    ASSERT_TRUE(stream.deliver(buffer));
  }
  EXPECT_LT(resident_memory().anonymous_bytes, before + 4 * limits::kMiB);
}

TEST(Host, CutsItemsIntoRegionsAtMultiplesOfTheChunk) {
  HostDestination host;
  // Mapped, never touched: costs no memory. 48 MiB does not divide 1 GiB.
  const uint64_t chunk = 48 * limits::kMiB;
  const std::vector<uint64_t> items = {2 * limits::kGiB + 5, 100};
  ASSERT_TRUE(host.begin(items, needs_of(chunk, 1)));
  ASSERT_EQ(host.regions().size(), 4U);
  EXPECT_EQ(host.regions()[0].length_bytes, 21 * chunk);
  EXPECT_EQ(host.regions()[2].length_bytes, 2 * limits::kGiB + kPage - 42 * chunk);
  for (uint64_t offset = 0; offset < items[0]; offset += chunk) {
    coldload_buffer buffer{};
    const uint64_t length = std::min(chunk, items[0] - offset);
    ASSERT_TRUE(host.acquire(0, offset, length, buffer));
    ASSERT_EQ(buffer.region, offset / (21 * chunk));
    const coldload_region& region = host.regions()[buffer.region];
    EXPECT_LE(static_cast<std::byte*>(buffer.data) + round_up(length, kPage),
              static_cast<std::byte*>(region.data) + region.length_bytes);
    EXPECT_TRUE(host.deliver(buffer));
  }
  coldload_buffer across{};
  ASSERT_TRUE(host.acquire(0, 21 * chunk - 1, 2, across));
  EXPECT_EQ(across.region, COLDLOAD_NO_REGION);
}

TEST(Host, HasNoRegionForBuffersOfMoreThanOneGiB) {
  const std::vector<uint64_t> items = {limits::kGiB + 1};
  for (const uint64_t extra : {uint64_t{0}, uint64_t{1}}) {
    HostDestination host;
    ASSERT_TRUE(host.begin(items, needs_of(limits::kGiB + extra, 1)));
    coldload_buffer buffer{};
    ASSERT_TRUE(host.acquire(0, 0, limits::kGiB, buffer));
    EXPECT_EQ(buffer.region, extra == 0 ? 0U : COLDLOAD_NO_REGION);
    EXPECT_EQ(host.regions().empty(), extra == 1);
  }
}

}  // namespace
}  // namespace coldload
