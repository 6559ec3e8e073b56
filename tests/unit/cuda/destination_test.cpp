// The destination "cuda" on a fake driver: order, recycling, what it reports, what it gives back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "coldload/ext/ceilings.h"
#include "tests/unit/cuda/loading.hpp"

namespace coldload::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A chunk's odd tail, an empty item, one smaller than a page.
const std::vector<uint64_t> kItems = {(uint64_t{1} << 20) + 12345, 0, 100, uint64_t{256} << 10};

struct Variant {
  const char* name;
  LoadShape shape;
  OptionTexts options;
  fake_cuda::Settings driver;

  friend void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }
};

fake_cuda::Settings slow(uint64_t copy_us, uint64_t event_us) {
  fake_cuda::Settings settings;
  settings.copy_delay_us = copy_us;
  settings.event_delay_us = event_us;
  return settings;
}

constexpr uint64_t kChunk = uint64_t{64} << 10;

const std::vector<Variant> kVariants = {
    {"one_thread", {kItems}, {}, {}},
    {"one_stream", {kItems, kChunk, 3}, {{"streams", "1"}}, {}},
    {"allocated", {kItems, kChunk, 3}, {{"pinned", "alloc"}}, {}},
    {"small_ring_slow_copies", {kItems, kChunk, 4}, {{"ring", "345 KiB"}}, slow(300, 0)},
    {"slow_events", {kItems, kChunk, 4}, {{"streams", "2"}}, slow(0, 200)},
    {"mapped_by_ring", {kItems, kChunk * 7, 2, true}, {{"copy_threads", "3"}}, slow(100, 0)},
    {"mapped_by_one_thread", {kItems, kChunk * 7, 1, true}, {{"copy_threads", "0"}}, {}},
    {"mapped_direct", {kItems, kChunk * 7, 2, true}, {{"mapped", "direct"}}, {}},
    {"without_numa", {kItems, kChunk, 2}, {{"numa", "false"}}, {}},
};

class Cuda : public ::testing::TestWithParam<Variant> {};

TEST_P(Cuda, BringsEveryByte_ReusesNoBufferBeforeItsEvent_AndLeavesNothing) {
  fake_cuda::reset(GetParam().driver);
  CudaLoad load(GetParam().shape, GetParam().options);
  const Outcome outcome = load.run();
  ASSERT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_EQ(load.difference(), "");
  EXPECT_EQ(load.pool().memory, uint32_t{COLDLOAD_MEMORY_PINNED});
  const double copied = load.host().metric("cuda/copied_bytes");
  EXPECT_EQ(copied, static_cast<double>(kItems[0] + kItems[2] + kItems[3]));
  load.destroy();
  EXPECT_EQ(load.host().metric("cuda/pinned_left_bytes"), 0);
  const fake_cuda::Report report = fake_cuda::report();
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_EQ(report.pinned_bytes, 0U);
  EXPECT_EQ(report.device_bytes, 0U);
  EXPECT_EQ(report.streams, 0U);
  EXPECT_EQ(report.events, 0U);
  EXPECT_EQ(report.contexts, 0U);
}

INSTANTIATE_TEST_SUITE_P(Variants, Cuda, ::testing::ValuesIn(kVariants),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(CudaRing, HasAsManyBuffersAsFitTheOption_AndTellsWhatItMade) {
  fake_cuda::reset({});
  CudaLoad load({kItems, kChunk, 2}, {{"ring", "1 MiB"}, {"streams", "3"}});
  ASSERT_EQ(load.begin().status, COLDLOAD_OK);
  EXPECT_EQ(load.pool().buffer_count, 15U);  // of 64 KiB and a page
  EXPECT_EQ(load.host().evidence("ring_buffers"), "15");
  EXPECT_EQ(load.host().evidence("streams"), "3");
  EXPECT_EQ(load.host().evidence("pinned"), "register");
  EXPECT_EQ(load.host().evidence("gpu"), "Fake GPU");
  EXPECT_EQ(load.host().evidence("cuda_driver"), "13.0");
  EXPECT_GT(load.host().metric("cuda/context_ns"), 0);
  EXPECT_GT(load.host().metric("cuda/device_memory_ns"), 0);
  EXPECT_GT(load.host().metric("cuda/pinning_ns"), 0);
}

struct HugePages {
  uint64_t bytes = 0;           // that the kernel gave this process
  uint64_t mappings_asked = 0;  // for which it was asked
};

HugePages huge_pages() {
  HugePages found;
  std::ifstream in("/proc/self/smaps");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("AnonHugePages:")) found.bytes += std::stoull(line.substr(14)) << 10U;
    if (line.starts_with("VmFlags:") && line.find(" hg") != std::string::npos) ++found.mappings_asked;
  }
  return found;
}

// Scattered pages are cut into many requests of the disk: whether the kernel gave huge ones is told, not
// assumed. Where its memory is scattered it gives fewer, or none.
TEST(CudaRing, TellsWhatOfItLiesInHugePages) {
  constexpr uint64_t kRing = 4 << 20;
  fake_cuda::reset({});
  CudaLoad load({kItems, kChunk, 2}, {{"ring", "3 MiB"}});
  const HugePages before = huge_pages();
  ASSERT_EQ(load.begin().status, COLDLOAD_OK);
  const HugePages after = huge_pages();
  EXPECT_EQ(load.host().metric("cuda/ring_bytes"), kRing);
  EXPECT_EQ(load.host().metric("cuda/ring_huge_page_bytes"), std::min(after.bytes - before.bytes, kRing));
  const bool has_them = std::filesystem::exists("/sys/kernel/mm/transparent_hugepage");
  EXPECT_EQ(after.mappings_asked > before.mappings_asked, has_them);
  fake_cuda::reset({});
  CudaLoad other({kItems, kChunk, 2}, {{"pinned", "alloc"}});
  ASSERT_EQ(other.begin().status, COLDLOAD_OK);
  EXPECT_EQ(other.host().metric("cuda/ring_huge_page_bytes"), -1)
      << "pages of the driver are not ours to tell of";
}

TEST(CudaRing, IsUnsupportedBelowOneBufferMoreThanAreFilledAtOnce_AndSaysWhatToRaiseItTo) {
  fake_cuda::reset({});
  const uint64_t slot = kChunk + 4096;
  const LoadShape shape = {kItems, kChunk, 4};
  CudaLoad enough(shape, {{"ring", std::to_string(5 * slot / 1024) + " KiB"}});
  EXPECT_EQ(enough.begin().status, COLDLOAD_OK);
  CudaLoad little(shape, {{"ring", std::to_string(5 * slot / 1024 - 1) + " KiB"}});
  const Outcome outcome = little.begin();
  EXPECT_EQ(outcome.status, COLDLOAD_UNSUPPORTED);
  EXPECT_THAT(outcome.message,
              HasSubstr("holds 4 buffers of 69632, and 4 are filled at once: raise ring to " +
                        std::to_string(5 * slot)));
}

TEST(CudaRing, HandsABufferOutAgainOnlyWhenItsEventHasFired) {
  fake_cuda::reset(slow(0, 20'000));
  CudaLoad load({{4 * kChunk}, kChunk, 1}, {{"ring", "136 KiB"}, {"streams", "1"}});
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(load.run().status, COLDLOAD_OK);
  const auto took = std::chrono::steady_clock::now() - began;
  // Two buffers, four chunks, two events of 20 ms each: the third and fourth chunk wait for the first's.
  EXPECT_GE(took, std::chrono::milliseconds(80));
  EXPECT_GT(load.host().metric("cuda/buffer_wait_ns"), 20e6);
  EXPECT_EQ(load.difference(), "");
}

TEST(CudaCopies, CountAsHiddenWhileSomethingIsRead_AndNotAfterwards) {
  fake_cuda::reset(slow(300'000, 0));
  CudaLoad load({{kChunk}, kChunk, 1}, {});
  ASSERT_EQ(load.run().status, COLDLOAD_OK);
  // The only chunk is copied when nothing is left to read. Half of it: a busy machine may see that late.
  EXPECT_GE(load.host().metric("cuda/copy_ns"), 299e6);
  EXPECT_LT(load.host().metric("cuda/copy_hidden"), 0.5);
  EXPECT_GT(load.host().metric("cuda/finish_ns"), 150e6);
  EXPECT_GT(load.host().metric("cuda/copy_rate"), 0);
}

TEST(CudaCancel, WakesWhoeverWaitsForABuffer) {
  fake_cuda::reset(slow(50'000, 0));
  CudaLoad load({{64 * kChunk}, kChunk, 2}, {{"ring", "204 KiB"}});
  ASSERT_EQ(load.begin().status, COLDLOAD_OK);
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    load.ops().cancel(load.self());
  });
  const Outcome outcome = load.deliver_all();
  stopper.join();
  EXPECT_EQ(outcome.status, COLDLOAD_CANCELLED);
  load.destroy();
  EXPECT_THAT(fake_cuda::report().violations, IsEmpty());
  EXPECT_EQ(fake_cuda::report().pinned_bytes, 0U);
}

TEST(CudaMemory, HoldsNothingOfWhatWasThereBefore) {
  fake_cuda::reset({});
  CudaLoad load({{kChunk}, kChunk, 1}, {});
  ASSERT_EQ(load.begin().status, COLDLOAD_OK);
  std::string back(kChunk, '\0');
  ASSERT_EQ(call([&](coldload_error* error) {
              return load.ops().read_back(load.self(), 0, 0, back.data(), back.size(), error);
            }).status,
            COLDLOAD_OK);
  EXPECT_EQ(back, std::string(kChunk, '\xA5'));
}

TEST(CudaCeilings, AreMeasuredWithoutALoad) {
  fake_cuda::reset({});
  RecordingHost host;
  std::vector<std::string> tags;
  {
    const Component cuda(host, "cuda", {{"library", COLDLOAD_FAKE_CUDA}});
    const auto* ceilings = static_cast<const coldload_ceilings_ops*>(
        cuda.destination_ops().get_extension(cuda.self(), COLDLOAD_EXT_CEILINGS));
    ASSERT_NE(ceilings, nullptr);
    const auto found = [](void* context, const coldload_ceiling* ceiling) {
      EXPECT_GT(ceiling->bytes_per_second, 0);
      static_cast<std::vector<std::string>*>(context)->emplace_back(ceiling->tag);
    };
    const Outcome outcome =
        call([&](coldload_error* error) { return ceilings->measure(cuda.self(), found, &tags, error); });
    ASSERT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  }
  EXPECT_THAT(
      tags, ::testing::ElementsAre("gpu/pinned_to_device", "gpu/device_to_pinned", "gpu/pageable_to_device"));
  EXPECT_EQ(host.evidence("gpu"), "Fake GPU");
  EXPECT_EQ(fake_cuda::report().pinned_bytes, 0U);
  EXPECT_EQ(fake_cuda::report().device_bytes, 0U);
}

}  // namespace
}  // namespace coldload::testing
