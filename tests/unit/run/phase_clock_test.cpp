#include "core/run/phase_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

namespace coldload {
namespace {

// A pipe that is slow to take an event.
class SlowSink final : public EventSink {
 public:
  void phase(std::string_view /*name*/) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  void progress(uint64_t /*delivered_bytes*/, uint64_t /*total_bytes*/) override {}
  void log(uint32_t /*level*/, std::string_view /*message*/) override {}
};

TEST(PhaseClock, LeavesNoTimeBetweenPhasesNotEvenThatOfTellingThem) {
  SlowSink sink;
  Phases phases;
  PhaseClock clock(sink, phases);
  const uint64_t begin = now_ns();
  clock.begin("open");
  clock.begin("load");
  EXPECT_EQ(clock.name(), "load");
  clock.end();
  const uint64_t total = now_ns() - begin;
  ASSERT_EQ(phases.ns.size(), 2U);
  // Told before it began, and told that the next one does.
  EXPECT_GE(phases.get("open"), 200'000'000U);
  // Telling is over when the clock of a phase starts.
  EXPECT_LT(phases.get("load"), phases.get("open"));
  EXPECT_LE(phases.get("open") + phases.get("load"), total);
  EXPECT_EQ(clock.name(), "");
}

}  // namespace
}  // namespace coldload
