#include "plugins/cuda/copiers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace coldload::cuda {
namespace {

TEST(Copiers, CallTheBodyOnceForEachNumber_WithAndWithoutHelpers) {
  for (const uint32_t helpers : {0U, 1U, 4U}) {
    Copiers copiers(helpers);
    for (const uint64_t count : {uint64_t{0}, uint64_t{1}, uint64_t{3}, uint64_t{100}}) {
      std::vector<std::atomic<int>> calls(count);
      copiers.run(count, [&](uint64_t number) { ++calls[number]; });
      for (const std::atomic<int>& each : calls) EXPECT_EQ(each, 1);
    }
  }
}

TEST(Copiers, ServeSeveralThreadsAtOnce) {
  Copiers copiers(2);
  std::array<std::atomic<uint64_t>, 4> sums{};
  std::vector<std::thread> threads;
  for (std::atomic<uint64_t>& sum : sums) {
    threads.emplace_back([&copiers, &sum] {
      for (int round = 0; round < 50; ++round) copiers.run(8, [&](uint64_t number) { sum += number; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::atomic<uint64_t>& sum : sums) EXPECT_EQ(sum, 50U * 28U);
}

TEST(Copiers, ThrowTheFirstFailure_AndWorkOnAfterIt) {
  Copiers copiers(3);
  EXPECT_THROW(copiers.run(20,
                           [](uint64_t number) {
                             if (number == 5) throw std::runtime_error("the fifth");
                           }),
               std::runtime_error);
  std::atomic<int> calls{0};
  copiers.run(20, [&](uint64_t) { ++calls; });
  EXPECT_EQ(calls, 20);
}

}  // namespace
}  // namespace coldload::cuda
