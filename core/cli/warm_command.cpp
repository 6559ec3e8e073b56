#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/cli/commands.hpp"
#include "core/cli/copy_progress.hpp"
#include "core/model/directory.hpp"
#include "core/record/environment.hpp"
#include "core/record/mount.hpp"
#include "core/run/warm.hpp"

namespace coldload {
namespace {

constexpr size_t kColumns = 100;
constexpr size_t kLabelColumns = 15;
// Below it something else took the memory while or after the model was read.
constexpr double kStayedMin = 0.99;

struct Budget {
  uint64_t bytes = 0;
  std::string source;
};

void print_row(std::string_view label, std::string_view text) {
  std::string_view shown = label;
  for (const std::string& line : wrapped(text, kColumns - kLabelColumns)) {
    print_out(fmt::format("{:<{}}{}\n", shown, kLabelColumns, line));
    shown = "";
  }
}

Result<Budget> budget_of(const std::string& max) {
  if (max.empty()) {
    const MemoryHeadroom memory = memory_headroom();
    const auto bytes = static_cast<uint64_t>(static_cast<double>(memory.bytes) * kWarmShareOfMemory);
    return Budget{bytes, fmt::format("{} of {} ({})", kWarmShareOfMemory, format_bytes_decimal(memory.bytes),
                                     memory.source)};
  }
  const auto bytes = parse_bytes(max);
  if (!bytes) return fail(bytes.error().status, fmt::format("--max: {}", bytes.error().message));
  return Budget{*bytes, "--max"};
}

std::string residency_text(const WarmResidency& found, uint64_t total_bytes) {
  if (!found.resident_bytes) return fmt::format("unknown: {}", found.why_unknown);
  const double share =
      total_bytes == 0 ? 1.0 : static_cast<double>(*found.resident_bytes) / static_cast<double>(total_bytes);
  return fmt::format("{:.1f} %, {} of {}, by {}", share * 100, format_bytes_decimal(*found.resident_bytes),
                     format_bytes_decimal(total_bytes), found.method);
}

// What the numbers below cannot tell on this file system, or "".
std::string caveat_of(const std::string& type) {
  if (type.starts_with("fuse")) {
    return "its daemon may drop these pages when a file is opened again, and what it caches itself is not "
           "known";
  }
  if (type == "zfs")
    return "it keeps a cache of its own (ARC), and how much of the model lies there is not known";
  return "";
}

void print_file_system(const WarmShard& shard) {
  const auto mount = mount_of(shard.path);
  if (!mount) {
    print_row("file system", fmt::format("unknown: {}", mount.error().message));
    return;
  }
  const std::string caveat = caveat_of(mount->type);
  print_row("file system", fmt::format("{} at {}{}{}", mount->type, printable(mount->path),
                                       caveat.empty() ? "" : ": ", caveat));
}

void print_left_out(const std::vector<WarmShard>& shards) {
  std::string names;
  size_t count = 0;
  for (const WarmShard& shard : shards) {
    if (shard.choice != WarmChoice::left_out) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", printable(shard.name));
    ++count;
  }
  if (count == 0) return;
  print_row("left out", fmt::format("{} of {} shard{}, {}, not read, too large for the room that is left: {}",
                                    count, shards.size(), shards.size() == 1 ? "" : "s",
                                    format_bytes_decimal(bytes_of(shards, WarmChoice::left_out)), names));
}

Result<WarmFill> fill_with_progress(const Context& context, const WarmCommand& command,
                                    const std::vector<WarmShard>& shards, const WarmOptions& options) {
  CopyProgress line(command.directory);
  WorkerProgress state{"warm", 0, bytes_of(shards, WarmChoice::fits)};
  auto fill = fill_page_cache(shards, options, [&](uint64_t done_bytes) {
    state.delivered_bytes = done_bytes;
    line.tell(state);
  });
  if (fill && fill->stopped) static_cast<void>(context.interrupt->pending());
  return fill;
}

std::string fill_text(const WarmFill& fill, uint32_t threads) {
  return fmt::format("{} in {}, {}, {} thread{}", format_bytes_decimal(fill.read_bytes),
                     format_duration(fill.elapsed_ns),
                     format_rate(static_cast<double>(fill.read_bytes) * 1e9 /
                                 static_cast<double>(std::max<uint64_t>(fill.elapsed_ns, 1))),
                     threads, threads == 1 ? "" : "s");
}

// Whether what was read is there; says so where it is not.
bool print_after(const std::vector<WarmShard>& shards) {
  const uint64_t read_bytes = bytes_of(shards, WarmChoice::fits);
  const WarmResidency after = residency_of(shards, WarmChoice::fits);
  print_row("cached after", residency_text(after, read_bytes));
  if (!after.resident_bytes ||
      static_cast<double>(*after.resident_bytes) >= kStayedMin * static_cast<double>(read_bytes)) {
    return true;
  }
  print_row("did not stay",
            fmt::format("{}: the kernel gave the memory to others, or the file system does not "
                        "keep what it read",
                        format_bytes_decimal(read_bytes - *after.resident_bytes)));
  return false;
}

ExitCode warm_shards(const Context& context, const WarmCommand& command, std::vector<WarmShard> shards,
                     const WarmOptions& options, const Budget& budget) {
  choose_shards(shards, budget.bytes);
  const uint64_t memory_bytes = bytes_of(shards, WarmChoice::in_memory);
  const uint64_t fitting_bytes = bytes_of(shards, WarmChoice::fits);
  const uint64_t all_bytes = memory_bytes + fitting_bytes + bytes_of(shards, WarmChoice::left_out);
  print_row("model", printable(command.directory));
  print_row("shards", fmt::format("{}, {}", shards.size(), format_bytes_decimal(all_bytes)));
  print_file_system(shards.front());
  if (memory_bytes != 0) {
    print_row("in memory", fmt::format("{} of it: the file system lives in memory, there is nothing to read, "
                                       "and what of it was swapped out is not known",
                                       format_bytes_decimal(memory_bytes)));
  }
  if (memory_bytes == all_bytes) return ExitCode::ok;
  print_row("room", fmt::format("{}: {}", format_bytes_decimal(budget.bytes), budget.source));
  print_left_out(shards);
  const bool all = bytes_of(shards, WarmChoice::left_out) == 0;
  if (fitting_bytes == 0) return all ? ExitCode::ok : ExitCode::environment;
  print_row("cached before", residency_text(residency_of(shards, WarmChoice::fits), fitting_bytes));
  const auto fill = fill_with_progress(context, command, shards, options);
  if (!fill) {
    print_error(fill.error());
    return exit_code_of(fill.error());
  }
  print_row(fill->stopped ? "interrupted" : "read", fill_text(*fill, options.threads));
  if (fill->stopped) return ExitCode::interrupted;
  const bool stayed = print_after(shards);
  return stayed && all ? ExitCode::ok : ExitCode::environment;
}

}  // namespace

ExitCode warm_command(const Context& context, const WarmCommand& command) {
  WarmOptions options;
  options.threads = command.threads;
  options.stop_fd = context.interrupt->fd();
  if (!command.limit.empty()) {
    const auto limit = parse_rate(command.limit);
    if (!limit || *limit == 0) {
      print_error(fmt::format("error: --limit: {}", limit ? "\"0\" would never end" : limit.error().message));
      return ExitCode::usage;
    }
    options.limit_bytes_per_second = *limit;
  }
  const auto budget = budget_of(command.max);
  if (!budget) {
    print_error(budget.error());
    return ExitCode::usage;
  }
  const auto directory = resolve_model_directory(command.directory);
  if (!directory) {
    print_error(directory.error());
    return exit_code_of(directory.error());
  }
  auto shards = shards_of(*directory);
  if (!shards) {
    print_error(shards.error());
    return exit_code_of(shards.error());
  }
  return warm_shards(context, command, std::move(*shards), options, *budget);
}

}  // namespace coldload
