#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/cli/commands.hpp"
#include "core/cli/copy_progress.hpp"
#include "core/run/ask.hpp"
#include "core/run/staging.hpp"
#include "core/run/supervisor.hpp"

namespace coldload {
namespace {

ExitCode rehearse(const StageCommand& command, const BackendChain& chain, const Registry& registry,
                  Supervisor& supervisor) {
  const auto copy = rehearse_stage_in_worker(supervisor, registry, chain, "");
  if (!copy) {
    print_error(copy.error());
    return exit_code_of(copy.error());
  }
  const std::string what =
      copy->copied ? " would be copied from " + command.source : ", there already, whole";
  print_out(fmt::format("{}: {} in {}{}; nothing was done\n", command.destination,
                        format_bytes_decimal(copy->bytes), counted(copy->files, "file"), what));
  return ExitCode::ok;
}

Result<StageOrder> order_of(const StageCommand& command) {
  StageOrder order{command.source,   command.destination, std::nullopt,
                   command.parallel, std::nullopt,        command.options};
  if (!command.limit.empty()) {
    const auto limit = parse_rate(command.limit);
    if (!limit) return fail(Status::invalid_option, fmt::format("--limit: {}", limit.error().message));
    order.limit_bytes_per_second = *limit;
  }
  if (!command.reserve.empty()) {
    const auto reserve = parse_bytes(command.reserve);
    if (!reserve) return fail(Status::invalid_option, fmt::format("--reserve: {}", reserve.error().message));
    order.reserve_bytes = *reserve;
  }
  return order;
}

}  // namespace

ExitCode stage_command(const Context& context, const StageCommand& command) {
  const auto order = order_of(command);
  if (!order) {
    print_error(order.error());
    return exit_code_of(order.error());
  }
  const auto registry = scan_plugins(context, true);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  const auto chain = stage_chain(*order, *registry);
  if (!chain) {
    print_error(chain.error());
    return exit_code_of(chain.error());
  }
  Supervisor supervisor(context.executable, *context.interrupt);
  if (command.dry_run) return rehearse(command, *chain, *registry, supervisor);
  const auto copy = [&] {
    CopyProgress progress(command.destination);
    return stage_in_worker(supervisor, *registry, *chain, "", command.verify,
                           [&](const WorkerProgress& worker) { progress.tell(worker); });
  }();
  if (!copy) {
    print_error(copy.error());
    return exit_code_of(copy.error());
  }
  std::string text = fmt::format("{}: {} in {}, ", command.destination, format_bytes_decimal(copy->bytes),
                                 counted(copy->files, "file"));
  text += copy->copied ? fmt::format("copied in {} ({})", format_duration(copy->copy_ns),
                                     format_rate(static_cast<double>(copy->bytes) * 1e9 /
                                                 static_cast<double>(std::max<uint64_t>(copy->copy_ns, 1))))
                       : "there already, whole";
  if (command.verify) text += ", read back and verified";
  for (const std::string& reason : copy->disturbed) text += "; disturbed: " + reason;
  print_out(text + "\n");
  return ExitCode::ok;
}

}  // namespace coldload
