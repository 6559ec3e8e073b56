#include "core/report/bootstrap_script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/report/bootstrap_pieces.hpp"
#include "core/report/shell_quote.hpp"

namespace coldload {
namespace {

constexpr size_t kColumns = 116;
constexpr uint64_t kSlowestCopyBytesPerSecond = 50'000'000;
constexpr uint64_t kCopyTimes = 3;
constexpr uint64_t kCopySlack_s = 60;
constexpr uint64_t kReadyDefault_s = 600;
constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::string_view kOpening =
    "#!/usr/bin/env bash\n"
    "# shellcheck disable=SC2034 # What only another layout's steps would use stands here too.\n";

uint64_t seconds_up(uint64_t duration_ns) {
  return (duration_ns + kNsPerSecond - 1) / kNsPerSecond;
}

// The plan's values. A value that cannot be quoted is remembered, and the first such fails the whole.
class Assignments {
 public:
  void text(std::string_view name, std::string_view value) {
    lines_ += fmt::format("readonly {}={}\n", name, quoted(value));
  }
  void number(std::string_view name, uint64_t value) {
    lines_ += fmt::format("readonly {}={}\n", name, value);
  }
  void list(std::string_view name, const std::vector<std::string>& values) {
    lines_ += fmt::format("readonly {}=(", name);
    for (const std::string& value : values)
      lines_ += fmt::format("{}{}", &value == values.data() ? "" : " ", quoted(value));
    lines_ += ")\n";
  }
  [[nodiscard]] Result<std::string> take() && {
    if (!error_.message.empty()) return std::unexpected<Error>(error_);
    return std::move(lines_);
  }

 private:
  std::string quoted(std::string_view value) {
    auto text = shell_quote(value);
    if (text) return std::move(*text);
    if (error_.message.empty()) error_ = text.error();
    return {};
  }

  std::string lines_;
  Error error_;
};

struct Step {
  std::string_view function;
  bool wanted;
};

bool staged(const BootstrapPlan& plan) {
  return plan.home == Home::staged;
}
bool has_service(const BootstrapPlan& plan) {
  return !plan.argv.empty();
}
bool has_read_ahead(const BootstrapPlan& plan) {
  return plan.read_ahead_bytes.has_value() && !plan.read_ahead_device.empty();
}

std::string in_words(const BootstrapPlan& plan) {
  switch (plan.home) {
    case Home::staged:
      return "The weights are copied to this node's disk once, and every start reads them there.";
    case Home::local_disk:
      return "The weights are read from this node's disk, where they lie.";
    case Home::network:
      return "The weights are read from the network at every start; nothing is copied.";
    case Home::undecided:
      break;
  }
  return fmt::format(
      "No measurement supports a layout: this script moves nothing. It checks what is there{}.",
      has_service(plan) ? " and starts it" : "");
}

// What it changes beside files of its own.
std::string settings_in_words(const BootstrapPlan& plan) {
  if (!has_read_ahead(plan)) return "It changes no setting of this node.";
  return fmt::format(
      "It sets the read-ahead of all of {} to {} KiB, as it was measured, and changes no other setting.",
      plan.read_ahead_device, plan.read_ahead_bytes.value_or(0) / 1024);
}

void append_comment(std::string& head, std::string_view text, std::string_view first = "# ",
                    std::string_view next = "# ") {
  std::string_view mark = first;
  for (const std::string& line : wrapped(printable(text), kColumns)) {
    head += fmt::format("{}{}\n", mark, line);
    mark = next;
  }
}

std::string basis_text(const Statement& statement) {
  std::string text;
  for (const std::string& basis : statement.basis)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", basis);
  return text;
}

std::string head_of(const BootstrapPlan& plan) {
  std::string head(kOpening);
  head += "#\n";
  append_comment(head, fmt::format("Prepares this node for the model {}{}.", in_quotes(plan.model_name),
                                   has_service(plan) ? " and starts its service" : ""));
  append_comment(head, in_words(plan));
  append_comment(head, settings_in_words(plan));
  head += "#\n";
  append_comment(head, fmt::format("Written by coldload bootstrap, from run {} of scenario {}.",
                                   in_quotes(plan.run_id), in_quotes(plan.scenario)));
  if (!plan.reasons.empty()) {
    head += "# Why, each with the cases or the part of the result document that it rests on:\n#\n";
  }
  for (const Statement& reason : plan.reasons) {
    append_comment(head, fmt::format("{} [{}]", reason.text, basis_text(reason)), "# - ", "#   ");
  }
  return head + "#\n# --help tells what it takes and what its exit statuses mean.\nset -Eeuo pipefail\n\n";
}

void assign_mounts(const BootstrapPlan& plan, Assignments& values) {
  const auto column = [&](std::string ExpectedMount::* member) {
    std::vector<std::string> list;
    for (const ExpectedMount& mount : plan.mounts) list.push_back(mount.*member);
    return list;
  };
  values.list("MOUNT_DIRECTORIES", column(&ExpectedMount::directory));
  values.list("MOUNT_POINTS", column(&ExpectedMount::mount_point));
  values.list("MOUNT_TYPES", column(&ExpectedMount::type));
  values.list("MOUNT_SOURCES", column(&ExpectedMount::source));
}

Result<std::string> values_of(const BootstrapPlan& plan) {
  Assignments values;
  values.text("MODEL_NAME", plan.model_name);
  values.number("MODEL_BYTES", plan.model_bytes);
  if (staged(plan)) {
    values.text("SOURCE", plan.source);
    values.text("SOURCE_IS_URL", plan.source_is_url ? "yes" : "no");
    values.list("SOURCE_OPTIONS", plan.source_options);
    values.text("TARGET_ROOT", plan.target_root);
    values.number("RESERVE_BYTES", plan.reserve_bytes);
    values.number("KEEP_VERSIONS", std::max<uint32_t>(plan.keep_versions, 1));
  } else {
    values.text("MODEL_DIRECTORY", plan.model_directory);
  }
  if (staged(plan) || plan.prewarm) values.number("COPY_TIMEOUT_S", copy_timeout_s(plan));
  assign_mounts(plan, values);
  if (plan.read_ahead_bytes && has_read_ahead(plan)) {
    std::string_view device = plan.read_ahead_device;
    if (device.starts_with("/dev/")) device.remove_prefix(5);
    values.text("READ_AHEAD_DEVICE", device);
    values.number("READ_AHEAD_BYTES", *plan.read_ahead_bytes);
  }
  if (has_service(plan)) {
    values.list("SERVICE_ARGV", plan.argv);
    values.list("ENGINE_FLAGS", plan.engine_flags);
    values.number("SERVICE_PORT", plan.port);
    values.text("HEALTH_PATH",
                plan.health.empty() || plan.health.starts_with('/') ? plan.health : "/" + plan.health);
    values.number("READY_TIMEOUT_S", ready_timeout_s(plan));
  }
  return std::move(values).take();
}

std::string pieces_of(const BootstrapPlan& plan) {
  std::string text(bootstrap_pieces::common);
  const auto append = [&](bool wanted, std::string_view piece) {
    if (wanted) text += fmt::format("\n{}", piece);
  };
  append(true, bootstrap_pieces::mounts);
  append(staged(plan), bootstrap_pieces::stage);
  append(staged(plan), bootstrap_pieces::transfer);
  append(staged(plan), bootstrap_pieces::copies);
  append(!staged(plan), bootstrap_pieces::present);
  append(has_read_ahead(plan), bootstrap_pieces::read_ahead);
  append(plan.prewarm, bootstrap_pieces::warm);
  append(has_service(plan), bootstrap_pieces::service);
  return text;
}

std::string main_of(const BootstrapPlan& plan) {
  const std::vector<Step> steps = {
      {"set_traps", true},
      {"parse_arguments \"$@\"", true},
      {"check_tools", true},
      {"check_mounts", true},
      {"lock_service", has_service(plan)},
      {"lock_target", staged(plan)},
      {"stage_model", staged(plan)},
      {"prune_versions", staged(plan)},
      {"check_model", !staged(plan)},
      {"set_read_ahead", has_read_ahead(plan)},
      {"warm_model", plan.prewarm},
      {"start_service", has_service(plan)},
      {"print_model", !has_service(plan)},
  };
  std::string text = "\nmain() {\n";
  for (const Step& step : steps) {
    if (step.wanted) text += fmt::format("  {}\n", step.function);
  }
  return text + "}\n\nmain \"$@\"\n";
}

Result<void> refuse_relative(std::string_view what, const std::string& path) {
  if (path.starts_with('/')) return {};
  return fail(Status::invalid_option,
              fmt::format("{} {} is not absolute: a script may be started anywhere", what, in_quotes(path)));
}

Result<void> check_plan(const BootstrapPlan& plan) {
  if (!plan.not_possible.empty()) return fail(Status::unsupported, plan.not_possible);
  if (plan.model_name.empty() || plan.model_name == "." || plan.model_name == ".." ||
      plan.model_name.contains('/')) {
    return fail(Status::invalid_option,
                fmt::format("the model's name {} is no name of a directory", in_quotes(plan.model_name)));
  }
  if (staged(plan)) {
    if (const auto checked = refuse_relative("the target's root", plan.target_root); !checked) return checked;
    if (plan.source_is_url) return {};
    return refuse_relative("the source", plan.source);
  }
  if (plan.model_directory.empty()) return {};
  return refuse_relative("the model's directory", plan.model_directory);
}

}  // namespace

uint64_t copy_timeout_s(const BootstrapPlan& plan) {
  if (plan.copy_ns > 0) return kCopyTimes * seconds_up(plan.copy_ns) + kCopySlack_s;
  return plan.model_bytes / kSlowestCopyBytesPerSecond + kCopySlack_s;
}

uint64_t ready_timeout_s(const BootstrapPlan& plan) {
  return plan.ready_timeout_ns == 0 ? kReadyDefault_s : seconds_up(plan.ready_timeout_ns);
}

Result<std::string> render_bootstrap_script(const BootstrapPlan& plan) {
  if (const auto checked = check_plan(plan); !checked) return pass(checked);
  auto values = values_of(plan);
  if (!values) return values;
  return head_of(plan) + *values + "\n" + pieces_of(plan) + main_of(plan);
}

}  // namespace coldload
