#include "core/report/progress.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace coldload {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

ProgressState half_way() {
  ProgressState state;
  state.run_number = 7;
  state.run_count = 66;
  state.case_id = "nvme/parallel,threads=4/stream/cold";
  state.phase = "load";
  state.share = 0.43;
  state.bytes_per_second = 1.23e9;
  state.elapsed_ns = 80'000'000'000;
  state.done = 6.5;
  state.total = 66;
  return state;
}

// The two ends of a terminal 60 columns wide.
struct Terminal {
  Descriptor screen;
  Descriptor program;

  Terminal() : screen(::posix_openpt(O_RDWR | O_NOCTTY)) {
    EXPECT_EQ(::grantpt(screen.get()), 0);
    EXPECT_EQ(::unlockpt(screen.get()), 0);
    program = Descriptor(::open(::ptsname(screen.get()), O_RDWR | O_NOCTTY));
    const winsize size{24, 60, 0, 0};
    EXPECT_EQ(::ioctl(program.get(), TIOCSWINSZ, &size), 0);
    EXPECT_EQ(::fcntl(screen.get(), F_SETFL, O_NONBLOCK), 0);
  }
  [[nodiscard]] std::string shown() const {
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(screen.get(), buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<size_t>(count));
    }
    return text;
  }
};

class Progress : public testing::Test {
 protected:
  void SetUp() override { ::setenv("TERM", "xterm", 1); }
};

TEST_F(Progress, SaysWhichRunWhatItDoesAndHowLongItTakes) {
  EXPECT_EQ(progress_line(half_way(), 120),
            "[ 7/66] nvme/parallel,threads=4/stream/cold  load  43 %  1.23 GB/s  ETA 12 min");
}

TEST_F(Progress, LeavesOutWhatIsNotKnown) {
  ProgressState state = half_way();
  state.phase = "evict";
  state.share.reset();
  state.bytes_per_second.reset();
  state.elapsed_ns = 0;
  EXPECT_EQ(progress_line(state, 120), "[ 7/66] nvme/parallel,threads=4/stream/cold  evict");
}

TEST_F(Progress, CutsTheCaseBeforeTheFigures) {
  const std::string line = progress_line(half_way(), 60);
  EXPECT_EQ(columns_of(line), 60U);
  EXPECT_THAT(line, StartsWith("[ 7/66] nvme/parallel"));
  EXPECT_THAT(line, EndsWith("…  load  43 %  1.23 GB/s  ETA 12 min"));
}

TEST_F(Progress, IsNeverWiderThanAsked) {
  for (size_t columns = 0; columns < 100; ++columns) {
    EXPECT_LE(columns_of(progress_line(half_way(), columns)), columns);
  }
}

TEST_F(Progress, EstimatesInTheUnitThatMatters) {
  ProgressState state = half_way();
  const auto eta = [&](double done, double total) {
    state.elapsed_ns = 10'000'000'000;
    state.done = done;
    state.total = total;
    const std::string line = progress_line(state, 120);
    return line.substr(line.find("ETA"));
  };
  EXPECT_EQ(eta(1, 2), "ETA 10 s");
  EXPECT_EQ(eta(1, 31), "ETA 5 min");
  EXPECT_EQ(eta(1, 1001), "ETA 2 h 46 min");
}

TEST_F(Progress, RedrawsInPlaceBelowTheTerminalsWidth) {
  const Terminal terminal;
  ProgressLine line(terminal.program.get());
  line.update(half_way());
  const std::string shown = terminal.shown();
  EXPECT_THAT(shown, StartsWith("\r[ 7/66] nvme"));
  EXPECT_THAT(shown, EndsWith("ETA 12 min\x1b[K"));
  // "\r" and the erasing are no columns.
  EXPECT_EQ(columns_of(shown), 59U + 4U);
}

TEST_F(Progress, RedrawsAtMostTenTimesASecond) {
  const Terminal terminal;
  ProgressLine line(terminal.program.get());
  const uint64_t begin = now_ns();
  for (int updates = 0; updates < 100; ++updates) {
    line.update(half_way());
    ::usleep(1000);
  }
  const uint64_t tenths = (now_ns() - begin) / 100'000'000;
  const std::string shown = terminal.shown();
  EXPECT_LE(static_cast<uint64_t>(std::ranges::count(shown, '\r')), tenths + 1);
}

TEST_F(Progress, PutsAMessageAboveTheLine) {
  const Terminal terminal;
  ProgressLine line(terminal.program.get());
  line.update(half_way());
  (void)terminal.shown();
  line.message("baseline does not run");
  EXPECT_THAT(terminal.shown(), StartsWith("\r\x1b[Kbaseline does not run\r\n\r[ 7/66]"));
}

TEST_F(Progress, LeavesTheTerminalCleanAtTheEnd) {
  const Terminal terminal;
  {
    ProgressLine line(terminal.program.get());
    line.update(half_way());
  }
  EXPECT_THAT(terminal.shown(), EndsWith("\r\x1b[K"));
}

TEST_F(Progress, IsSilentOffATerminalButForMessages) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  {
    ProgressLine line(writer.get());
    EXPECT_FALSE(line.is_live());
    line.update(half_way());
    line.message("one case is skipped");
    line.clear();
  }
  writer.reset();
  char buffer[256];
  const ssize_t count = ::read(reader.get(), buffer, sizeof buffer);
  EXPECT_EQ(std::string(buffer, static_cast<size_t>(std::max<ssize_t>(count, 0))), "one case is skipped\n");
}

TEST_F(Progress, IsSilentOnATerminalThatCannotErase) {
  const Terminal terminal;
  for (const char* term : {"dumb", ""}) {
    ::setenv("TERM", term, 1);
    ProgressLine line(terminal.program.get());
    line.update(half_way());
  }
  EXPECT_EQ(terminal.shown(), "");
}

TEST_F(Progress, ColorsNothing) {
  EXPECT_THAT(progress_line(half_way(), 120), testing::Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace coldload
