#include <fmt/format.h>

#include "core/base/file.hpp"
#include "core/base/units.hpp"
#include "core/cli/commands.hpp"
#include "core/report/progress.hpp"
#include "core/run/ask.hpp"
#include "core/run/staging.hpp"
#include "core/run/supervisor.hpp"

namespace coldload {
namespace {

// One line that lives while bytes flow.
class StageProgress {
 public:
  explicit StageProgress(const std::string& destination) : line_(STDERR_FILENO), began_ns_(now_ns()) {
    state_.run_number = 1;
    state_.run_count = 1;
    state_.case_id = destination;
  }

  void tell(const WorkerProgress& worker) {
    if (worker.phase != state_.phase) began_ns_ = now_ns();
    state_.phase = worker.phase;
    state_.elapsed_ns = now_ns() - began_ns_;
    if (worker.total_bytes != 0) {
      const auto done = static_cast<double>(worker.delivered_bytes);
      state_.done = done;
      state_.total = static_cast<double>(worker.total_bytes);
      state_.share = done / state_.total;
      if (state_.elapsed_ns != 0)
        state_.bytes_per_second = done * 1e9 / static_cast<double>(state_.elapsed_ns);
    }
    line_.update(state_);
  }

 private:
  ProgressLine line_;
  ProgressState state_;
  uint64_t began_ns_;
};

}  // namespace

ExitCode stage_command(const Context& context, const StageCommand& command) {
  StageOrder order{command.source, command.destination, std::nullopt, command.parallel};
  if (!command.limit.empty()) {
    const auto limit = parse_rate(command.limit);
    if (!limit) {
      print_error(fmt::format("error: --limit: {}", limit.error().message));
      return ExitCode::usage;
    }
    order.limit_bytes_per_second = *limit;
  }
  const auto registry = scan_plugins(context, true);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  const auto chain = stage_chain(order, *registry);
  if (!chain) {
    print_error(chain.error());
    return exit_code_of(chain.error());
  }
  Supervisor supervisor(context.executable, *context.interrupt);
  const auto copy = [&] {
    StageProgress progress(command.destination);
    return stage_in_worker(supervisor, *registry, *chain, command.verify,
                           [&](const WorkerProgress& worker) { progress.tell(worker); });
  }();
  if (!copy) {
    print_error(copy.error());
    return exit_code_of(copy.error());
  }
  std::string text = fmt::format("{}: {} in {} files, ", command.destination,
                                 format_bytes_decimal(copy->bytes), copy->files);
  text += copy->copied ? fmt::format("copied in {} ({})", format_duration(copy->copy_ns),
                                     format_rate(static_cast<double>(copy->bytes) * 1e9 /
                                                 static_cast<double>(std::max<uint64_t>(copy->copy_ns, 1))))
                       : "there already, whole";
  if (command.verify) text += ", read back and verified";
  print_out(text + "\n");
  return ExitCode::ok;
}

}  // namespace coldload
