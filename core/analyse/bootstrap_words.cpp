// What the bootstrap script does, in the words of whoever would own it. In the script's own order.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/analyse/advisers.hpp"
#include "core/analyse/words.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

std::vector<std::string> home_basis(const AdviceView& view) {
  std::vector<std::string> basis = ids_of({view.decision.steady});
  if (basis.empty()) basis.emplace_back("cases");
  return basis;
}

void add_checks(const AdviceView& view, std::vector<Statement>& out) {
  for (const ExpectedMount& mount : view.plan.mounts) {
    std::string text = fmt::format("refuse to start unless {} lies on {}, as it did when this was measured",
                                   mount.directory, mount.type);
    // The script refuses another source only where it does not know the mount point.
    if (!mount.source.empty()) {
      text += fmt::format(", and {} unless that is {}", mount.mount_point.empty() ? "likewise" : "warn",
                          mount.source);
    }
    out.push_back({std::move(text), {"environment.mounts"}});
  }
}

void add_copy(const AdviceView& view, std::vector<Statement>& out) {
  const BootstrapPlan& plan = view.plan;
  if (plan.source.empty()) {
    out.push_back(
        {fmt::format("copy nothing and read the weights where they lie, in {}", plan.model_directory),
         home_basis(view)});
    return;
  }
  std::vector<std::string> basis = ids_of({view.decision.staged.first_start, view.decision.steady});
  basis.emplace_back("scenario.model_bytes");
  out.push_back(
      {fmt::format("copy {} from {} to {}/{} unless a whole copy is there, verify it, put it in place by one "
                   "rename, and leave {} free",
                   format_bytes_decimal(plan.model_bytes), plan.source, plan.target_root, plan.model_name,
                   format_bytes(plan.reserve_bytes)),
       std::move(basis)});
  out.push_back(
      {fmt::format("keep {} versions, and delete none that carries no manifest of ours or is in use",
                   plan.keep_versions),
       home_basis(view)});
}

void add_settings(const AdviceView& view, std::vector<Statement>& out) {
  const BootstrapPlan& plan = view.plan;
  if (plan.read_ahead_bytes) {
    out.push_back({fmt::format("set the read-ahead of {} to {}, the value that was measured",
                               plan.read_ahead_device, format_bytes(*plan.read_ahead_bytes)),
                   {"environment.mounts"}});
  }
  if (plan.prewarm) {
    out.push_back(
        {fmt::format("fill the page cache before the service starts, which makes its load, and that of "
                     "each later restart, {} shorter",
                     seconds_in_words(view.decision.prewarm_saves_s.value_or(0))),
         ids_of({view.decision.warm, view.decision.steady})});
  } else {
    out.push_back({"not fill the page cache beforehand",
                   view.decision.warm == nullptr ? home_basis(view)
                                                 : ids_of({view.decision.warm, view.decision.steady})});
  }
}

void add_service(const AdviceView& view, std::vector<Statement>& out) {
  const BootstrapPlan& plan = view.plan;
  if (plan.argv.empty()) {
    out.push_back(
        {"start no service, since the scenario names none, and print the model's directory", {"scenario"}});
    return;
  }
  std::string text = fmt::format("start {}", plan.argv.front());
  std::vector<std::string> basis = {"scenario.service"};
  if (!plan.engine_flags.empty()) {
    text += fmt::format(" with {}", fmt::join(plan.engine_flags, " "));
    for (const std::string& id : ids_of({view.decision.engine})) basis.push_back(id);
  }
  if (!plan.health.empty()) {
    text +=
        fmt::format(", and give it {} to answer on {}", format_duration(plan.ready_timeout_ns), plan.health);
  }
  out.push_back({std::move(text), std::move(basis)});
}

}  // namespace

std::vector<Statement> bootstrap_of(const AdviceView& view) {
  if (!view.plan.not_possible.empty()) {
    return {{fmt::format("write no script: {}", view.plan.not_possible), home_basis(view)}};
  }
  std::vector<Statement> out;
  add_checks(view, out);
  add_copy(view, out);
  add_settings(view, out);
  add_service(view, out);
  return out;
}

}  // namespace coldload
