// Whatever the driver refuses, and whenever: an error that names the call, and nothing left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/cuda/loading.hpp"

namespace coldload::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kChunk = uint64_t{32} << 10;
const std::vector<uint64_t> kItems = {5 * kChunk + 11, 2 * kChunk};

Outcome outcome_with(const OptionTexts& options, const LoadShape& shape = {kItems, kChunk, 2}) {
  CudaLoad load(shape, options);
  return load.run();
}

TEST(CudaDriver, ThatIsNotThereSkipsTheCase_AndIsNamed) {
  const Outcome outcome = outcome_with({{"library", "/no/such/libcuda.so.1"}});
  EXPECT_EQ(outcome.status, COLDLOAD_UNSUPPORTED);
  EXPECT_THAT(outcome.message, HasSubstr("no CUDA driver: /no/such/libcuda.so.1: cannot open"));
}

TEST(CudaDriver, ThatLacksAFunctionSkipsTheCase_AndNamesTheFunction) {
  const Outcome outcome = outcome_with(
      {{"library", std::string(COLDLOAD_BINARY_DIR) + "/lib/coldload/plugins/coldload_null.so"}});
  EXPECT_EQ(outcome.status, COLDLOAD_UNSUPPORTED);
  EXPECT_EQ(outcome.message, "no CUDA driver: it lacks cuInit: a newer one is needed");
}

TEST(CudaDriver, WithoutADeviceSkipsTheCase) {
  fake_cuda::Settings none;
  none.devices = 0;
  fake_cuda::reset(none);
  const Outcome outcome = outcome_with({});
  EXPECT_EQ(outcome.status, COLDLOAD_UNSUPPORTED);
  EXPECT_EQ(outcome.message, "no CUDA driver: it has no device (CUDA_ERROR_NO_DEVICE)");
}

TEST(CudaDevice, OfANumberThatIsNotThereSkipsTheCase) {
  fake_cuda::reset({});
  const Outcome outcome = outcome_with({{"device", "1"}});
  EXPECT_EQ(outcome.status, COLDLOAD_UNSUPPORTED);
  EXPECT_EQ(outcome.message, "no GPU 1: there are 1, numbered from 0");
}

TEST(CudaMemory, ThatDoesNotSufficeFails_WithTheItemAndTheSizes) {
  fake_cuda::Settings small;
  small.memory_bytes = 6 * kChunk;
  fake_cuda::reset(small);
  CudaLoad load({kItems, kChunk, 2}, {});
  const Outcome outcome = load.run();
  EXPECT_EQ(outcome.status, COLDLOAD_OUT_OF_MEMORY);
  EXPECT_EQ(
      outcome.message,
      "item 2 of 2: 65536 bytes of GPU memory are not there: 32757 of 196608 are free on Fake GPU; free "
      "some, or load less ([run] sample)");
  load.destroy();
  EXPECT_EQ(fake_cuda::report().device_bytes, 0U);
}

// SQLite's way: the first call fails, then the second, … until a whole load goes through.
class CudaFaults : public ::testing::TestWithParam<bool> {};

TEST_P(CudaFaults, AtEveryCallEndInOneError_AndLeaveNothing) {
  uint64_t failing = 1;
  bool whole = false;
  for (; !whole && failing < 2000; ++failing) {
    fake_cuda::Settings settings;
    settings.fail_call = failing;
    fake_cuda::reset(settings);
    CudaLoad load({kItems, kChunk, 1, GetParam()}, {{"streams", "2"},
                                                    {"copy_threads", "1"},
                                                    {"ring", GetParam() ? "13 MiB" : "0"},
                                                    {"pinned", GetParam() ? "register" : "alloc"}});
    const Outcome outcome = load.run();
    const std::string difference = outcome.status == COLDLOAD_OK ? load.difference() : "";
    load.destroy();
    const fake_cuda::Report report = fake_cuda::report();
    SCOPED_TRACE("call " + std::to_string(failing) + ", " + report.failed_function + ": " + outcome.message);
    whole = report.failed_function.empty();
    if (outcome.status == COLDLOAD_OK) {
      // What failed was a reading back, or a giving back after the load.
      EXPECT_THAT(difference, AnyOf("", HasSubstr("CUDA_ERROR_UNKNOWN (999)")));
    } else {
      EXPECT_THAT(outcome.message, HasSubstr(report.failed_function));
      EXPECT_THAT(outcome.message, HasSubstr("CUDA_ERROR_UNKNOWN (999)"));
    }
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_EQ(report.pinned_bytes != 0,
              report.failed_function == "cuMemFreeHost" || report.failed_function == "cuMemHostUnregister");
    EXPECT_EQ(report.device_bytes, 0U);
    EXPECT_EQ(report.streams, 0U);
    EXPECT_EQ(report.events, 0U);
    EXPECT_EQ(report.contexts, 0U);
  }
  EXPECT_TRUE(whole) << "after " << failing << " calls";
  EXPECT_GT(failing, 40U);
}

INSTANTIATE_TEST_SUITE_P(BothWays, CudaFaults, ::testing::Bool(),
                         [](const auto& tested) { return std::string(tested.param ? "Mapped" : "Buffers"); });

class CudaPinned : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(CudaPinned, ThatTheDriverDoesNotTakeBackIsCounted) {
  fake_cuda::Settings settings;
  settings.fail_function = GetParam().second;
  settings.fail_call = 1;
  fake_cuda::reset(settings);
  CudaLoad load({kItems, kChunk, 2}, {{"pinned", GetParam().first}});
  ASSERT_EQ(load.run().status, COLDLOAD_OK);
  load.destroy();
  EXPECT_EQ(load.host().metric("cuda/pinned_left_bytes"),
            static_cast<double>(fake_cuda::report().pinned_bytes));
  EXPECT_GT(load.host().metric("cuda/pinned_left_bytes"), 0);
}

INSTANTIATE_TEST_SUITE_P(Ways, CudaPinned,
                         ::testing::Values(std::pair{"alloc", "cuMemFreeHost"},
                                           std::pair{"register", "cuMemHostUnregister"}),
                         [](const auto& tested) { return std::string(tested.param.first); });

}  // namespace
}  // namespace coldload::testing
