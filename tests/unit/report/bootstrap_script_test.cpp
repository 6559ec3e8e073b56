#include "core/report/bootstrap_script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/report/bootstrap_pieces.hpp"
#include "core/report/shell_quote.hpp"
#include "core/report/systemd_unit.hpp"
#include "tests/support/golden.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kScriptPath = "/usr/local/sbin/bootstrap.sh";

BootstrapPlan base_plan(Home home) {
  BootstrapPlan plan;
  plan.home = home;
  plan.scenario = "nvme-vs-network-vs-staged";
  plan.run_id = "20260501T101500Z-nvme-vs-network-vs-staged";
  plan.model_name = "qwen2.5-7b";
  plan.model_bytes = 15'231'233'024;
  plan.argv = {"vllm", "serve", "{model}", "--port", "{port}"};
  plan.port = 8000;
  plan.health = "/health";
  plan.ready_timeout_ns = 600'000'000'000;
  plan.engine_flags = {"--load-format", "auto"};
  return plan;
}

BootstrapPlan staged_plan() {
  BootstrapPlan plan = base_plan(Home::staged);
  plan.source = "/mnt/lake/models/qwen2.5-7b";
  plan.target_root = "/mnt/nvme/models";
  plan.reserve_bytes = 1ULL << 30U;
  plan.copy_ns = 41'300'000'000;
  plan.mounts = {{"/mnt/lake/models/qwen2.5-7b", "/mnt/lake", "nfs4", "lake:/export"},
                 {"/mnt/nvme/models", "/mnt/nvme", "ext4", "/dev/nvme0n1p1"}};
  plan.prewarm = true;
  plan.read_ahead_device = "/dev/nvme0n1";
  plan.read_ahead_bytes = 128U << 10U;
  plan.reasons = {
      {"A restart from the copy takes 4.1 s, from the network 38.9 s: 9.5× as long.",
       {"lake-to-nvme/parallel,threads=16/stream/cold", "lake/parallel,threads=16/stream/cold"}},
      {"The copy is earned back after 2 restarts; the policy counts 4 a day.",
       {"lake-to-nvme/parallel,threads=16/stream/first-start", "scenario.policy"}},
  };
  return plan;
}

BootstrapPlan disk_plan() {
  BootstrapPlan plan = base_plan(Home::local_disk);
  plan.model_directory = "/mnt/nvme/models/qwen2.5-7b";
  plan.mounts = {{"/mnt/nvme/models/qwen2.5-7b", "/mnt/nvme", "ext4", "/dev/nvme0n1p1"}};
  plan.reasons = {{"A cold load from the disk takes 4.0 s, from the network 38.9 s.",
                   {"nvme/parallel,threads=16/stream/cold", "lake/parallel,threads=16/stream/cold"}}};
  return plan;
}

BootstrapPlan undecided_plan() {
  BootstrapPlan plan = base_plan(Home::undecided);
  plan.model_directory = "/srv/models/qwen2.5-7b";
  plan.mounts = {{"/srv/models/qwen2.5-7b", "", "xfs", ""}};
  plan.argv.clear();
  plan.engine_flags.clear();
  plan.reasons = {{"No case was proved cold.", {"local/sequential/stream/cold"}}};
  return plan;
}

std::string script_of(const BootstrapPlan& plan) {
  const auto script = render_bootstrap_script(plan);
  EXPECT_TRUE(script) << script.error().message;
  return script.value_or("");
}

std::string unit_of(const BootstrapPlan& plan) {
  const auto unit = render_systemd_unit(plan, kScriptPath);
  EXPECT_TRUE(unit) << unit.error().message;
  return unit.value_or("");
}

// The pieces are read where they are kept; what a plan makes of them is what the golden file shows.
std::string shortened(std::string script) {
  const auto cut = [&](std::string_view name, std::string_view piece) {
    const size_t at = script.find(piece);
    if (at != std::string::npos) script.replace(at, piece.size(), "[" + std::string(name) + ".sh]\n");
  };
  cut("common", bootstrap_pieces::common);
  cut("mounts", bootstrap_pieces::mounts);
  cut("stage", bootstrap_pieces::stage);
  cut("transfer", bootstrap_pieces::transfer);
  cut("copies", bootstrap_pieces::copies);
  cut("present", bootstrap_pieces::present);
  cut("read_ahead", bootstrap_pieces::read_ahead);
  cut("warm", bootstrap_pieces::warm);
  cut("service", bootstrap_pieces::service);
  return script;
}

// Clean at every severity, notes on style included.
void expect_shellcheck_clean(const std::string& script) {
  const auto file =
      std::filesystem::path(COLDLOAD_BINARY_DIR) / ("script-" + std::to_string(::getpid()) + ".sh");
  std::ofstream(file, std::ios::binary) << script;
  const std::string command = "shellcheck " + shell_quote(file.string()).value_or("");
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::filesystem::remove(file);
}

TEST(BootstrapScript, OfAStagedHomeIsTheGoldenOne) {
  expect_golden(shortened(script_of(staged_plan())), "bootstrap_staged.txt");
  expect_golden(unit_of(staged_plan()), "bootstrap_staged.service");
}

TEST(BootstrapScript, OfALocalDiskIsTheGoldenOne) {
  expect_golden(shortened(script_of(disk_plan())), "bootstrap_local_disk.txt");
  expect_golden(unit_of(disk_plan()), "bootstrap_local_disk.service");
}

TEST(BootstrapScript, OfAnUndecidedHomeIsTheGoldenOne) {
  expect_golden(shortened(script_of(undecided_plan())), "bootstrap_undecided.txt");
  expect_golden(unit_of(undecided_plan()), "bootstrap_undecided.service");
}

TEST(BootstrapScript, IsShellcheckClean) {
  for (const BootstrapPlan& plan : {staged_plan(), disk_plan(), undecided_plan()}) {
    expect_shellcheck_clean(script_of(plan));
  }
}

TEST(BootstrapScript, WithHostileValuesIsShellcheckCleanToo) {
  const std::string hostile = "\n# shellcheck disable=all\n'; \"$(touch /tmp/x)\" `id` \xff ‘quotes’ \\";
  BootstrapPlan plan = staged_plan();
  plan.scenario = plan.run_id = plan.health = plan.read_ahead_device = hostile;
  plan.model_name = "a" + hostile.substr(0, 24);
  plan.source = plan.target_root = "/a" + hostile;
  plan.mounts = {{"/a" + hostile, hostile, hostile, hostile}};
  plan.argv = plan.engine_flags = {hostile, hostile};
  plan.reasons = {{hostile, {hostile}}};
  expect_shellcheck_clean(script_of(plan));
}

TEST(BootstrapScript, HoldsNoStepThatThePlanDoesNotAskFor) {
  const std::string script = script_of(disk_plan());
  EXPECT_THAT(script, Not(HasSubstr("stage_model")));
  EXPECT_THAT(script, Not(HasSubstr("warm_model")));
  EXPECT_THAT(script, Not(HasSubstr("read_ahead_kb")));
  EXPECT_THAT(script_of(undecided_plan()), Not(HasSubstr("start_service\n")));
}

TEST(BootstrapScript, KeepsAReasonInsideItsComment) {
  BootstrapPlan plan = disk_plan();
  plan.reasons = {{"first\nrm -rf /", {"a\nb"}}};
  EXPECT_THAT(script_of(plan), HasSubstr("\n# - first rm -rf / [a b]\n"));
}

TEST(BootstrapScript, IsRefusedWhereThePlanCannotBeDone) {
  BootstrapPlan plan = disk_plan();
  plan.not_possible = "the model lies behind a plugin of its own";
  EXPECT_EQ(render_bootstrap_script(plan).error().message, plan.not_possible);
  EXPECT_EQ(render_systemd_unit(plan, kScriptPath).error().message, plan.not_possible);
}

TEST(BootstrapScript, RefusesWhatIsNoDirectoryOfItsOwn) {
  for (const std::string& name :
       {std::string(), std::string(".."), std::string("a/b"), std::string("a\0b", 3)}) {
    BootstrapPlan plan = staged_plan();
    plan.model_name = name;
    EXPECT_FALSE(render_bootstrap_script(plan)) << name;
  }
  BootstrapPlan plan = staged_plan();
  plan.target_root = "models";
  EXPECT_THAT(render_bootstrap_script(plan).error().message, HasSubstr("\"models\" is not absolute"));
}

TEST(BootstrapScript, WaitsThreeMeasuredCopiesAndAMinute_OrForFiftyMegabytesASecond) {
  BootstrapPlan plan = staged_plan();
  EXPECT_EQ(copy_timeout_s(plan), 3U * 42U + 60U);
  plan.copy_ns = 0;
  EXPECT_EQ(copy_timeout_s(plan), 15'231'233'024U / 50'000'000U + 60U);
  EXPECT_EQ(ready_timeout_s(plan), 600U);
}

TEST(SystemdUnit, WritesOnlyToTheTargetOfACopy) {
  EXPECT_THAT(unit_of(staged_plan()), HasSubstr("\nReadWritePaths=\"/mnt/nvme/models\"\n"));
  EXPECT_THAT(unit_of(disk_plan()), Not(HasSubstr("ReadWritePaths")));
}

TEST(SystemdUnit, LetsHomesBeReadOnlyWhereSomethingIsThere) {
  EXPECT_THAT(unit_of(disk_plan()), HasSubstr("\nProtectHome=yes\n"));
  BootstrapPlan plan = disk_plan();
  plan.argv[0] = "/home/serve/venv/bin/vllm";
  EXPECT_THAT(unit_of(plan), HasSubstr("\nProtectHome=read-only\n"));
  plan = disk_plan();
  plan.source_options = {"anonymous=true", "ca_file=/home/serve/ca.pem"};
  EXPECT_THAT(unit_of(plan), HasSubstr("\nProtectHome=read-only\n"));
}

TEST(SystemdUnit, KeepsAHostileNameOnItsLine) {
  BootstrapPlan plan = staged_plan();
  plan.model_name = "x\nExecStartPre=/bin/false %n\\";
  EXPECT_THAT(unit_of(plan), Not(HasSubstr("\nExecStartPre")));
  EXPECT_THAT(unit_of(plan), HasSubstr("ExecStartPre=/bin/false %%n/\n"));
}

}  // namespace
}  // namespace coldload
