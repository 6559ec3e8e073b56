#include "gpu.hpp"

#include <poll.h>

#include <charconv>
#include <cstdlib>

#include "keeper.hpp"
#include "output.hpp"
#include "program.hpp"

namespace coldload::command {
namespace {

constexpr uint64_t kTimeoutNs = 10'000'000'000;

}  // namespace

std::optional<uint64_t> bytes_of_mebibyte_lines(std::string_view text) {
  uint64_t total = 0;
  bool any = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    uint64_t mebibytes = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), mebibytes);
    if (parsed.ec != std::errc{} || parsed.ptr != line.data() + line.size()) return std::nullopt;
    total += mebibytes << 20;
    any = true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return any ? std::optional(total) : std::nullopt;
}

std::optional<uint64_t> gpu_memory_used(const sdk::Host& host) {
  const char* path = std::getenv("PATH");
  if (!find_program("nvidia-smi", path == nullptr ? "" : path)) return std::nullopt;
  const Program program({"nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"}, {});
  Keeper keeper(program);
  Output output;
  keeper.launch();
  const uint64_t deadline_ns = host.now_ns() + kTimeoutNs;
  while (!keeper.exit_status() && !host.cancelled() && host.now_ns() < deadline_ns) {
    pollfd waited[2] = {{keeper.output_fd(), POLLIN, 0}, {keeper.reports_fd(), POLLIN, 0}};
    ::poll(waited, 2, 50);
    keeper.read_output(output);
  }
  const auto status = keeper.exit_status();
  keeper.stop(0, output);
  const auto bytes = bytes_of_mebibyte_lines(output.scanned());
  if (status == 0 && bytes) return bytes;
  host.log(COLDLOAD_LOG_WARNING,
           "command: GPU memory is not known: nvidia-smi " +
               (status ? "gave " + status_in_words(*status) : std::string("did not end")) +
               ", its last line: " + output.last_line());
  return std::nullopt;
}

}  // namespace coldload::command
