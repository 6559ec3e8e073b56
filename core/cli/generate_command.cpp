#include <fmt/format.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/cli/commands.hpp"
#include "core/model/generator.hpp"
#include "core/report/progress.hpp"

namespace coldload {

ExitCode generate_command(const Context& context, const GenerateCommand& command) {
  GenerateOptions options;
  options.directory = command.directory;
  options.like = command.like;
  options.scale = command.scale;
  options.seed = command.seed;
  options.layout = command.layout == "definition" ? Layout::definition : Layout::reference;
  options.sparse = command.sparse;
  ProgressLine line(STDERR_FILENO);
  const uint64_t began = now_ns();
  const auto report = generate_model(
      options,
      [&](uint64_t done, uint64_t total) {
        ProgressState state;
        state.run_number = 1;
        state.run_count = 1;
        state.case_id = command.directory;
        state.phase = "write";
        state.elapsed_ns = now_ns() - began;
        state.share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
        state.done = static_cast<double>(done);
        state.total = static_cast<double>(total);
        line.update(state);
      },
      [&] { return context.interrupt->pending(); });
  line.clear();
  if (!report) {
    print_error(report.error());
    return exit_code_of(report.error());
  }
  print_out(fmt::format("{}: {} like {}, {}, {} in {}, {} in {}\n", command.directory,
                        command.sparse ? "a sparse model" : "a model", command.like,
                        counted(report->layers, "layer"), counted(report->tensor_count, "tensor"),
                        counted(report->shard_count, "shard"), format_bytes_decimal(report->total_bytes),
                        format_duration(report->elapsed_ns)));
  return ExitCode::ok;
}

}  // namespace coldload
