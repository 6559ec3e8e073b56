#include "core/report/systemd_unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/text.hpp"
#include "core/report/bootstrap_script.hpp"
#include "core/report/shell_quote.hpp"

namespace coldload {
namespace {

constexpr uint64_t kSlack_s = 60;
// The script gives the service 30 s, then kills it.
constexpr uint64_t kStopTimeout_s = 45;
constexpr size_t kColumns = 110;

// What every such unit forbids. /dev stays, since engines open the GPU's nodes there; memory that is written
// and executed stays, since they compile.
constexpr std::string_view kHardening = R"(
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
PrivateMounts=yes
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
# To see which processes use a copy that might be removed (SYS_PTRACE), to read and copy files of any owner, to pin memory.
CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_CHOWN CAP_IPC_LOCK CAP_SYS_NICE CAP_KILL
UMask=0022
)";

// "%" would be a specifier, and a newline the end of the directive.
std::string description(std::string_view text) {
  std::string safe;
  for (const char character : printable(text))
    safe += character == '%' ? std::string("%%") : std::string(1, character);
  // A backslash at the end would take the next line along.
  std::ranges::replace(safe, '\\', '/');
  return safe;
}

bool below_home(const std::string& path) {
  return std::ranges::any_of(std::array{"/home", "/root", "/run/user"}, [&](std::string_view home) {
    return path.starts_with(home) && (path.size() == home.size() || path[home.size()] == '/');
  });
}

bool uses_home(const BootstrapPlan& plan, const std::string& script_path) {
  std::vector<std::string> paths = {script_path, plan.source, plan.target_root, plan.model_directory};
  paths.insert(paths.end(), plan.argv.begin(), plan.argv.end());
  for (const std::string& option : plan.source_options) paths.push_back(option.substr(option.find('=') + 1));
  for (const ExpectedMount& mount : plan.mounts) paths.push_back(mount.directory);
  return std::ranges::any_of(paths, below_home);
}

uint64_t start_timeout_s(const BootstrapPlan& plan) {
  // Copied, read back, and read into the page cache.
  const uint64_t passes = (plan.home == Home::staged ? 2U : 0U) + (plan.prewarm ? 1U : 0U);
  return passes * copy_timeout_s(plan) + (plan.argv.empty() ? 0 : ready_timeout_s(plan)) + kSlack_s;
}

Result<std::string> unit_section(const BootstrapPlan& plan) {
  std::string text =
      fmt::format("[Unit]\nDescription={}\n",
                  description(fmt::format("coldload bootstrap of the model {}", plan.model_name)));
  text += "Wants=network-online.target\nAfter=network-online.target\n";
  for (const ExpectedMount& mount : plan.mounts) {
    const auto path = unit_quote(mount.directory, UnitPlace::path);
    if (!path) return pass(path);
    text += fmt::format("RequiresMountsFor={}\n", *path);
  }
  if (!plan.argv.empty()) text += "StartLimitIntervalSec=600\nStartLimitBurst=5\n";
  return text;
}

std::string service_kind(const BootstrapPlan& plan) {
  if (plan.argv.empty()) return "Type=oneshot\nRemainAfterExit=yes\n";
  return "# The script says when the service is ready.\nType=notify\nNotifyAccess=all\nKillMode=mixed\n"
         "SuccessExitStatus=143\nRestart=on-failure\nRestartSec=5\n"
         "# Trying again mends none of these: a wrong argument, a missing program, a wrong mount, no space, "
         "a foreign "
         "directory.\nRestartPreventExitStatus=2 10 11 13 15\n";
}

// What is written: the target of the copy; the lock; caches that engines keep.
Result<std::string> writable(const BootstrapPlan& plan) {
  std::string text = "RuntimeDirectory=coldload-bootstrap\nRuntimeDirectoryPreserve=yes\n";
  if (!plan.argv.empty()) {
    text +=
        "CacheDirectory=coldload-bootstrap\nEnvironment=HOME=%C/coldload-bootstrap "
        "XDG_CACHE_HOME=%C/coldload-bootstrap\n";
  }
  if (plan.home != Home::staged) return text;
  const auto target = unit_quote(plan.target_root, UnitPlace::path);
  if (!target) return pass(target);
  return text + fmt::format("# Has to be there before the first start.\nReadWritePaths={}\n", *target);
}

Result<std::string> service_section(const BootstrapPlan& plan, const std::string& script_path) {
  const auto script = unit_quote(script_path, UnitPlace::exec);
  if (!script) return pass(script);
  const auto written = writable(plan);
  if (!written) return pass(written);
  std::string text = "\n[Service]\n" + service_kind(plan);
  text += fmt::format("ExecStart=/usr/bin/env bash {}\n", *script);
  text += fmt::format("# {}\nTimeoutStartSec={}\nTimeoutStopSec={}\n\n",
                      plan.copy_ns > 0
                          ? "Three times the copy that was measured, read back; the service's own time."
                          : "No copy was measured: at least 50 MB/s, read back; the service's own time.",
                      start_timeout_s(plan), kStopTimeout_s);
  text += *written;
  text += kHardening;
  text += uses_home(plan, script_path)
              ? "# Something that is read lies in a home directory.\nProtectHome=read-only\n"
              : "ProtectHome=yes\n";
  // /sys is writable with it only.
  text += plan.read_ahead_bytes
              ? "# The script sets the device's read-ahead in /sys.\nProtectKernelTunables=no\n"
              : "ProtectKernelTunables=yes\n";
  return text;
}

std::string head_of(const BootstrapPlan& plan) {
  std::string text;
  const std::string words = fmt::format(
      "Runs the bootstrap script of the model {}, by run {} of scenario {}. Written by coldload bootstrap; "
      "the "
      "script's head says why.",
      in_quotes(plan.model_name), in_quotes(plan.run_id), in_quotes(plan.scenario));
  for (const std::string& line : wrapped(words, kColumns)) text += fmt::format("# {}\n", line);
  return text + "\n";
}

}  // namespace

Result<std::string> render_systemd_unit(const BootstrapPlan& plan, const std::string& script_path) {
  if (!plan.not_possible.empty()) return fail(Status::unsupported, plan.not_possible);
  if (!script_path.starts_with('/')) {
    return fail(Status::invalid_option,
                fmt::format("the script's path {} is not absolute: systemd starts it anywhere",
                            in_quotes(script_path)));
  }
  auto unit = unit_section(plan);
  if (!unit) return pass(unit);
  auto service = service_section(plan, script_path);
  if (!service) return pass(service);
  return head_of(plan) + *unit + *service + "\n[Install]\nWantedBy=multi-user.target\n";
}

}  // namespace coldload
