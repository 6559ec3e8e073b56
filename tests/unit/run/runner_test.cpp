#include "core/run/runner.hpp"

#include "core/run/ask.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/run/header.hpp"
#include "core/scenario/parse.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Registry& plugins() {
  static const Registry registry = [] {
    std::vector<std::filesystem::path> files;
    for (const char* name : {"null", "local", "sequential"}) {
      files.push_back(std::filesystem::path(COLDLOAD_TEST_PLUGIN_DIR) /
                      ("coldload_" + std::string(name) + ".so"));
    }
    return Registry::load(files);
  }();
  return registry;
}

// One tensor of bytes: a shard that the header reader accepts.
std::string shard(size_t tensor_bytes) {
  std::string header = "{\"weight\":{\"dtype\":\"U8\",\"shape\":[" + std::to_string(tensor_bytes) +
                       "],\"data_offsets\":[0," + std::to_string(tensor_bytes) + "]}}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string file(8, '\0');
  for (size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i));
  return file + header + std::string(tensor_bytes, 'w');
}

// Whole scenarios with real workers, on made-up objects and on small files.
class ExecutePlan : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = std::string(COLDLOAD_BINARY_DIR) + "/runner-XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    directory = path;
    auto installed = Interrupt::install();
    ASSERT_TRUE(installed);
    interrupt = std::move(*installed);
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  // `rest` is what the test is about; waiting for the machine and ceilings are not.
  void make(const std::string& rest, const std::string& run = "repetitions = 2") {
    const std::string text =
        "schema = 1\nname = \"t\"\n[model]\npath = \"m\"\n[run]\nprobe = false\nquiet = false\n" + run +
        "\n" + rest;
    auto scenario = parse_scenario(text, "x.toml", directory.string(), plugins());
    if (!scenario) {
      for (const Diagnostic& mistake : scenario.error()) ADD_FAILURE() << to_string(mistake);
      return;
    }
    PlanOptions options;
    options.limits = {uint64_t{1} << 40U, "the test"};
    auto made = make_plan(*scenario, plugins(), make_surveyor(supervisor, plugins()), options);
    if (!made) {
      for (const Diagnostic& mistake : made.error()) ADD_FAILURE() << to_string(mistake);
      return;
    }
    plan = std::move(*made);
  }
  void make_file(uint64_t bytes = 100'000) {
    std::filesystem::create_directories(directory / "models" / "m");
    std::ofstream(directory / "models" / "m" / "a.safetensors", std::ios::binary) << shard(bytes);
  }

  ResultDocument execute() {
    auto header = document_header(plan, plugins(), "test");
    auto journal = Journal::create(directory / "out", header);
    EXPECT_TRUE(journal);
    RunnerCallbacks callbacks;
    callbacks.progress = [this](const RunnerProgress& progress) {
      if (on_progress) on_progress(progress);
    };
    callbacks.finished = [this](const RunRecord& record) {
      lines_when_finished.push_back(journal_lines());
      if (on_finished) on_finished(record);
    };
    auto document =
        execute_plan(plan, plugins(), std::move(header), *journal, supervisor, runner_options, callbacks);
    EXPECT_TRUE(document) << document.error().message;
    return document ? std::move(*document) : ResultDocument{};
  }
  size_t journal_lines() const {
    const auto text = read_small_file(directory / "out" / "runs.jsonl", limits::kGiB);
    return text ? static_cast<size_t>(std::ranges::count(*text, '\n')) : 0;
  }

  std::filesystem::path directory;
  Interrupt interrupt;
  Supervisor supervisor{COLDLOAD_TEST_WORKER_FILE, interrupt};
  Plan plan;
  RunnerOptions runner_options;
  std::function<void(const RunRecord&)> on_finished;
  std::function<void(const RunnerProgress&)> on_progress;
  std::vector<size_t> lines_when_finished;
};

const std::string kThreeCases =
    "[backend.null]\nsize = \"300 KB\"\nobjects = 2\n[strategy.a]\nplugin = \"sequential\"\n"
    "[strategy.b]\nplugin = \"sequential\"\n[strategy.c]\nplugin = \"sequential\"\n";

std::string explain(const ResultDocument& document) {
  std::string text;
  for (const RunRecord& run : document.runs) {
    text += run.case_id + " " + std::to_string(run.repetition) + " " + std::string(to_string(run.status)) +
            " " + run.reason + " " + run.proof.reason + "\n" + run.output;
  }
  return text;
}

TEST_F(ExecutePlan, RunsEveryCaseOnceARoundAndVerifiesInTheFirst) {
  make(kThreeCases);
  const ResultDocument document = execute();
  ASSERT_THAT(document.runs, SizeIs(9)) << explain(document);
  for (uint32_t round = 0; round < 3; ++round) {
    std::set<std::string> cases;
    for (size_t i = 3 * round; i < 3 * round + 3; ++i) {
      const RunRecord& run = document.runs[i];
      EXPECT_EQ(run.status, RunStatus::ok) << run.reason;
      EXPECT_EQ(run.repetition, round);
      EXPECT_EQ(run.sequence, i);
      EXPECT_EQ(!run.checksum.empty(), round == 0);
      EXPECT_EQ(run.bytes.delivered, 600'000U);
      cases.insert(run.case_id);
    }
    EXPECT_THAT(cases, SizeIs(3));
  }
  for (const CaseRecord& record : document.cases) {
    EXPECT_EQ(record.status, CaseStatus::ok) << record.reason;
    EXPECT_THAT(valid_runs(document, record.id), SizeIs(2));
  }
  EXPECT_FALSE(document.interrupted);
}

TEST_F(ExecutePlan, HasARunInTheJournalBeforeItTellsAnybody) {
  make(kThreeCases, "repetitions = 1");
  execute();
  EXPECT_THAT(lines_when_finished, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(ExecutePlan, ProvesPhasesThatAddUp) {
  // 300 ms a run, so that a phase left out would show.
  make("[backend.null]\nsize = \"600 KB\"\nrate = \"2 MB/s\"\n[strategy.sequential]\n", "repetitions = 1");
  const ResultDocument document = execute();
  for (const RunRecord& run : document.runs) {
    const Metric* total = run.metric("worker_total_ns");
    ASSERT_NE(total, nullptr);
    EXPECT_GE(run.load_ns, 250'000'000U);
    // More than the 2 ms that are promised: this machine may be busy.
    EXPECT_LT(run.metric("unaccounted_ns")->value, std::max(100e6, 0.01 * total->value));
    EXPECT_EQ(run.load_ns, run.phases.get("load"));
    EXPECT_EQ(run.cold_load_ns, run.phases.get("inspect") + run.phases.get("open") + run.load_ns);
  }
}

TEST_F(ExecutePlan, VerifiesNothingWhereItIsSwitchedOffAndOnceABackendWhereAskedTo) {
  make(kThreeCases, "repetitions = 1\nverify = \"off\"");
  EXPECT_THAT(execute().runs, SizeIs(3));
  std::filesystem::remove_all(directory / "out");
  make(kThreeCases, "repetitions = 1\nverify = \"backend\"");
  const ResultDocument document = execute();
  EXPECT_EQ(std::ranges::count(document.runs, 0U, &RunRecord::repetition), 1);
  EXPECT_THAT(document.runs, SizeIs(4));
}

TEST_F(ExecutePlan, EndsACaseWithItsFirstFailureAndRunsTheOthersOn) {
  make_file();
  make(
      "[backend.null]\nsize = \"300 KB\"\n[backend.disk]\nplugin = \"local\"\nroot = \"models\"\n"
      "[strategy.sequential]\n[[compare]]\nbackend = \"null\"\n[[compare]]\nbackend = \"disk\"\ncache = "
      "\"as-is\"\n",
      "repetitions = 2");
  // Shorter than when it was planned.
  make_file(50'000);
  const ResultDocument document = execute();
  const auto failed = std::ranges::count(document.runs, RunStatus::failed, &RunRecord::status);
  EXPECT_EQ(failed, 1) << explain(document);
  EXPECT_EQ(std::ranges::count(document.runs, RunStatus::ok, &RunRecord::status), 3) << explain(document);
  const auto found = std::ranges::find(document.runs, RunStatus::failed, &RunRecord::status);
  ASSERT_NE(found, document.runs.end());
  EXPECT_THAT(found->reason, HasSubstr("when the run was planned"));
}

const std::string kDisk = "[backend.disk]\nplugin = \"local\"\nroot = \"models\"\n[strategy.sequential]\n";

// Of the same size: nothing but the file itself tells.
TEST_F(ExecutePlan, FailsTheRunsOfAModelThatWasSwappedSinceTheFirst) {
  make_file();
  make(kDisk, "repetitions = 4");
  const auto model = directory / "models" / "m" / "a.safetensors";
  on_finished = [&](const RunRecord& record) {
    if (record.sequence != 1) return;
    std::filesystem::copy_file(model, model.string() + ".new");
    std::filesystem::rename(model.string() + ".new", model);
  };
  const ResultDocument document = execute();
  ASSERT_THAT(document.runs, SizeIs(3)) << explain(document);
  EXPECT_EQ(document.runs[2].status, RunStatus::failed);
  EXPECT_EQ(
      document.runs[2].reason,
      "integrity: a.safetensors was replaced since the first run of backend \"disk\": measure again once "
      "nothing writes there");
  EXPECT_EQ(document.cases[0].status, CaseStatus::failed);
}

TEST_F(ExecutePlan, FailsTheRunsOfAModelThatWasWrittenToSinceTheFirst) {
  make_file();
  make(kDisk, "repetitions = 4");
  on_finished = [this](const RunRecord& record) {
    if (record.sequence == 0) make_file();
  };
  const ResultDocument document = execute();
  ASSERT_THAT(document.runs, SizeIs(2)) << explain(document);
  EXPECT_THAT(document.runs[1].reason,
              HasSubstr("integrity: a.safetensors was written to since the first run"));
}

TEST_F(ExecutePlan, FailsARunUnderWhichTheModelWasWrittenTo) {
  make_file(2'000'000);
  make(kDisk + "chunk = \"64 KiB\"\n", "repetitions = 1\nverify = \"off\"\nmax_bandwidth = \"1 MB/s\"");
  bool written = false;
  on_progress = [&](const RunnerProgress& progress) {
    if (progress.worker.phase != "load" || progress.worker.delivered_bytes == 0 || written) return;
    written = true;
    std::fstream(directory / "models" / "m" / "a.safetensors") << ' ';
  };
  const ResultDocument document = execute();
  ASSERT_TRUE(written);
  ASSERT_THAT(document.runs, SizeIs(1)) << explain(document);
  EXPECT_EQ(document.runs[0].status, RunStatus::failed);
  EXPECT_THAT(document.runs[0].reason,
              HasSubstr("integrity: a.safetensors was written to while it was loaded"));
}

// Another process that holds a shard open.
class Holder {
 public:
  explicit Holder(const std::filesystem::path& file) : child_(::fork()) {
    if (child_ != 0) return;
    const int fd = ::open(file.c_str(), O_RDWR);
    ::execlp("sleep", "sleep", "600", nullptr);
    ::_exit(fd < 0 ? 126 : 127);
  }
  // Waits until it has: what runs in it is sleep(1) then.
  [[nodiscard]] bool has_opened() const {
    for (int i = 0; i < 1000; ++i) {
      std::ifstream in("/proc/" + std::to_string(child_) + "/comm");
      std::string name;
      if (std::getline(in, name) && name == "sleep") return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  ~Holder() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

 private:
  pid_t child_;
};

TEST_F(ExecutePlan, KeepsTheValidRunsOfACaseWhoseFilesSomebodyOpensLater) {
  make_file();
  make(kDisk, "repetitions = 4");
  std::optional<Holder> holder;
  on_finished = [&](const RunRecord& record) {
    if (record.sequence != 2) return;
    holder.emplace(directory / "models" / "m" / "a.safetensors");
    EXPECT_TRUE(holder->has_opened());
  };
  const ResultDocument document = execute();
  ASSERT_THAT(document.runs, SizeIs(4)) << explain(document);
  EXPECT_EQ(document.runs[3].status, RunStatus::skipped) << explain(document);
  EXPECT_EQ(document.cases[0].status, CaseStatus::ok);
  EXPECT_THAT(document.cases[0].reason, ::testing::StartsWith("stopped after 2 valid runs: "));
  EXPECT_THAT(document.cases[0].reason, HasSubstr("--disturb allows it"));
  EXPECT_THAT(valid_runs(document, document.cases[0].id), SizeIs(2));
}

// On a file system that is memory no run can be proved cold.
TEST_F(ExecutePlan, RepeatsRunsWithoutProofButNotForEver) {
  const std::string memory = "/dev/shm/coldload-runner-" + std::to_string(::getpid());
  std::filesystem::create_directories(memory + "/m");
  std::ofstream(memory + "/m/a.safetensors", std::ios::binary) << shard(100'000);
  make("[backend.disk]\nplugin = \"local\"\nroot = \"" + memory + "\"\n[strategy.sequential]\n",
       "repetitions = 3");
  const ResultDocument document = execute();
  std::filesystem::remove_all(memory);
  // One verifies, three were asked for, two more are tried.
  EXPECT_THAT(document.runs, SizeIs(6)) << explain(document);
  for (const RunRecord& run : document.runs) EXPECT_FALSE(run.proof.valid);
  EXPECT_THAT(valid_runs(document, plan.cases[0].id), IsEmpty());
}

TEST_F(ExecutePlan, StopsOnceTheIntervalIsNarrowEnoughOrTheMaximumIsReached) {
  const std::string rest = "[backend.null]\nsize = \"300 KB\"\n[strategy.sequential]\n";
  make(rest, "repetitions = { min = 4, max = 7, until_ci = \"15 %\" }\nverify = \"off\"");
  plan.scenario.run.until_ci = 1e9;
  EXPECT_THAT(execute().runs, SizeIs(4));
  std::filesystem::remove_all(directory / "out");
  plan.scenario.run.until_ci = 1e-9;
  EXPECT_THAT(execute().runs, SizeIs(7));
}

TEST_F(ExecutePlan, EndsWithItsBudgetAndSaysWhatWasNotMeasured) {
  make(kThreeCases, "repetitions = 5\nverify = \"off\"");
  on_finished = [this](const RunRecord& record) {
    if (record.sequence == 1) plan.scenario.run.budget_ns = 1;
  };
  const ResultDocument document = execute();
  EXPECT_THAT(document.runs, SizeIs(2));
  EXPECT_EQ(json::text_or(document.scenario, "stopped"), "the budget of 1 ns was spent");
  size_t not_measured = 0;
  for (const CaseRecord& record : document.cases) {
    if (record.status != CaseStatus::not_measured) continue;
    ++not_measured;
    EXPECT_EQ(record.reason, "the budget of 1 ns was spent");
  }
  EXPECT_EQ(not_measured, 1U);
  EXPECT_FALSE(document.interrupted);
}

TEST_F(ExecutePlan, KeepsEveryFinishedRunWhenItIsInterrupted) {
  make(kThreeCases, "repetitions = 5");
  on_finished = [](const RunRecord& record) {
    if (record.sequence == 3) ::raise(SIGINT);
  };
  const ResultDocument document = execute();
  EXPECT_TRUE(document.interrupted);
  EXPECT_THAT(document.runs, SizeIs(4));
  EXPECT_EQ(journal_lines(), 4U);
}

TEST_F(ExecutePlan, LeavesOneRecordOfACaseThatCannotRun) {
  make(
      "[backend.null]\nsize = \"300 KB\"\n[strategy.sequential]\n[[compare]]\ncache = [\"warm\", \"cold\"]\n",
      "repetitions = 1");
  const ResultDocument document = execute();
  ASSERT_THAT(document.runs, SizeIs(3)) << explain(document);
  EXPECT_EQ(document.runs[0].status, RunStatus::skipped);
  EXPECT_NE(document.runs[0].reason, "");
  EXPECT_EQ(document.runs[0].proof.reason, "nothing was run");
}

TEST_F(ExecutePlan, RunsInThisProcessForADebugger) {
  make(kThreeCases, "repetitions = 1");
  runner_options.in_process = true;
  const ResultDocument document = execute();
  ASSERT_THAT(document.runs, SizeIs(6));
  for (const RunRecord& run : document.runs) EXPECT_EQ(run.status, RunStatus::ok) << run.reason;
}

TEST_F(ExecutePlan, ProvesRealFilesColdAndWarm) {
  make_file(3'000'000);
  make(
      "[backend.disk]\nplugin = \"local\"\nroot = \"models\"\n[strategy.sequential]\n"
      "[[compare]]\ncache = [\"warm\", \"cold\"]\ndestination = [\"stream\", \"host\"]\n",
      "repetitions = 1");
  const ResultDocument document = execute();
  ASSERT_THAT(document.cases, SizeIs(4));
  std::set<std::string> checksums;
  for (const RunRecord& run : document.runs) {
    EXPECT_EQ(run.status, RunStatus::ok) << run.reason;
    if (run.repetition == 0) checksums.insert(run.checksum);
  }
  EXPECT_THAT(checksums, SizeIs(1));
  for (const CaseRecord& record : document.cases) {
    EXPECT_THAT(valid_runs(document, record.id), SizeIs(1)) << record.id << "\n" << explain(document);
  }
  // Options arrive from the worker with their text: the mounts hang on it.
  const json::array* mounts = json::array_at(document.environment, "mounts");
  ASSERT_NE(mounts, nullptr);
  EXPECT_THAT(*mounts, SizeIs(1));
}

TEST_F(ExecutePlan, TakesCeilingsFirstAndLastWhereAskedTo) {
  make("[backend.null]\nsize = \"300 KB\"\n[strategy.sequential]\n", "repetitions = 1");
  plan.scenario.run.probe = true;
  const ResultDocument document = execute();
  std::set<std::string> moments;
  for (const ProbeRecord& probe : document.probes) {
    moments.insert(probe.moment);
    EXPECT_GT(probe.bytes_per_second, 0);
  }
  EXPECT_THAT(moments, ElementsAre("first", "last"));
}

}  // namespace
}  // namespace coldload
